package memory_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// storeVariable names the file of the store that the test binary serves to the
// test that started it. A process whose files are on a file system of its own
// could wait for itself, and one that is killed must not be the test's.
const storeVariable = "TEST_STORE_FILE"

// often makes the store clear its write-ahead log, and so write to the file,
// many times while a test looks on.
const often = 20 * time.Millisecond

// keepAll keeps all changes, with times as early as those of steps.
var keepAll = memory.Config{KeepChanges: 10_000_000, KeepChangesFor: 100 * 365 * 24 * time.Hour}

// order is what a test tells a store's process to do.
type order struct {
	// Do is "write", "step", "ping" or "steps".
	Do string
	// Author is who does the step, or how many authors write.
	Author int
}

// answer is what the process says to it.
type answer struct {
	Author, Step int
	Error        string
	Code         service.Code
	Steps        map[int]int
}

// storeProcess serves the store at path: one order a line, one answer a line;
// after "write" one answer for each step that was acknowledged, until the end.
func storeProcess(path string, in io.Reader, out io.Writer) error {
	store, err := memory.Open(context.Background(), path, keepAll.WithTidyInterval(often))
	if err != nil {
		return err
	}
	defer store.Close()
	steps, err := stepsIn(store)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	encoder := json.NewEncoder(out)
	say := func(a answer, err error) error {
		if err != nil {
			a.Error, a.Code = err.Error(), service.CodeOf(err)
		}
		mu.Lock()
		defer mu.Unlock()
		return encoder.Encode(a)
	}
	if err := say(answer{Steps: steps}, nil); err != nil {
		return err
	}
	for orders := json.NewDecoder(in); ; {
		var o order
		if err := orders.Decode(&o); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		switch o.Do {
		case "step":
			if steps, err = stepsIn(store); err != nil {
				return err
			}
			err = say(answer{}, takeStep(store, o.Author, steps[o.Author]+1))
		case "ping":
			err = say(answer{}, store.Ping(context.Background()))
		case "key":
			k := service.Key{Name: "app", Hash: service.HashKey("app"), CreatedAt: time.UnixMicro(int64(o.Author)).UTC()}
			err = say(answer{}, store.CreateKey(context.Background(), k))
		case "steps":
			var now map[int]int
			now, err = stepsIn(store)
			err = say(answer{Steps: now}, err)
		case "write":
			err = writeOn(store, o.Author, steps, say)
		}
		if err != nil {
			return err
		}
	}
}

// writeOn has authors take step after step.
func writeOn(store *memory.Store, authors int, steps map[int]int, say func(answer, error) error) error {
	var wg sync.WaitGroup
	for author := range authors {
		wg.Go(func() {
			for step := steps[author] + 1; ; step++ {
				err := takeStep(store, author, step)
				if say(answer{Author: author, Step: step}, err) != nil || err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return nil
}

// An author's steps are a fixed sequence: create a user, change the name
// thrice, the e-mail address once, delete the user, and again with another
// one. So whoever knows an author's last step knows the user it leaves.
const stepsOfUser = 6

// takeStep does what the author does in this step, which is 1 or more.
func takeStep(store *memory.Store, author, step int) error {
	r, _ := stateAfter(author, step)
	id := userOf(author, (step-1)/stepsOfUser)
	ctx := service.WithOrigin(context.Background(), service.Origin{RequestID: fmt.Sprintf("%d:%d", author, step)})
	at := time.UnixMicro(int64(step)).UTC()
	switch (step - 1) % stepsOfUser {
	case 0:
		return store.CreateUser(ctx, r, itemChange(author, step))
	case 4:
		_, err := store.UpdateUser(ctx, id, service.Update{At: at, Email: &service.Text{Value: r.User.Email, Key: r.Keys.Email},
			Items: []service.ItemChange{itemChange(author, step)}})
		return err
	case 5:
		return store.DeleteUser(ctx, id, service.Deletion{At: at})
	default:
		_, err := store.UpdateUser(ctx, id, service.Update{At: at, LastName: &service.Text{Value: r.User.LastName, Key: r.Keys.LastName},
			Items: []service.ItemChange{itemChange(author, step)}})
		return err
	}
}

// itemAfter is the item that goes with the user whom the author's steps leave:
// it says which step was the last.
func itemAfter(author, step int) service.Item {
	id := userOf(author, (step-1)/stepsOfUser)
	i := service.Item{Kind: "step", User: id, Value: []byte(strconv.Itoa(step))}
	copy(i.Key[:], id[:])
	return i
}

// itemChange makes the item in this step.
func itemChange(author, step int) service.ItemChange {
	i := itemAfter(author, step)
	c := service.ItemChange{Kind: i.Kind, Key: i.Key, New: &i}
	if (step-1)%stepsOfUser > 0 {
		c.Was = itemAfter(author, step-1).Value
	}
	return c
}

func userOf(author, n int) uuid.UUID {
	return uuid.UUID{0: byte(n >> 8), 1: byte(n), 2: byte(author * 101), 6: 0x70, 8: 0x80, 14: byte(author >> 8), 15: byte(author)}
}

// stateAfter is the user that the author's steps up to this one leave, if any.
func stateAfter(author, step int) (r service.Record, there bool) {
	n, k := (step-1)/stepsOfUser, (step-1)%stepsOfUser
	email := fmt.Sprintf("author%d@example.com", author) // the same for each of an author's users
	name := fmt.Sprintf("Name%d", step-max(0, k-3))
	if k == 4 {
		email = fmt.Sprintf("author%d-%d@example.com", author, n)
	}
	first := step - k
	return service.Record{
		User: service.User{ID: userOf(author, n), Email: email, FirstName: "Ada", LastName: name, IsActive: true, Version: int32(k + 1),
			CreatedAt: time.UnixMicro(int64(first)).UTC(), UpdatedAt: time.UnixMicro(int64(step)).UTC()},
		Keys:         service.Keys{Email: email, FirstName: "ada", LastName: name},
		PasswordHash: strings.Repeat("h", 97),
	}, step > 0 && k < 5
}

// stepsIn returns each author's last step that is in the store, having checked
// that the log has all before it, each once, and that the users there are
// exactly those that these steps leave, with their items.
func stepsIn(store *memory.Store) (map[int]int, error) {
	ctx := context.Background()
	slice, err := store.Changes(ctx, service.ChangeQuery{Limit: 10_000_000})
	if err != nil {
		return nil, err
	}
	steps := make(map[int]int)
	for i, c := range slice.Changes {
		author, step, err := parseStep(c.Origin.RequestID)
		if err != nil {
			return nil, err
		}
		if c.Seq != int64(i+1) || step != steps[author]+1 || c.UserID != userOf(author, (step-1)/stepsOfUser) {
			return nil, fmt.Errorf("change %d is author %d's step %d after step %d", c.Seq, author, step, steps[author])
		}
		steps[author] = step
	}
	expected := 0
	for author, step := range steps {
		want, there := stateAfter(author, step)
		if !there {
			continue
		}
		expected++
		got, err := store.User(ctx, want.User.ID)
		if err != nil || got != want.User {
			return nil, fmt.Errorf("author %d's user after step %d is %+v, %w; want %+v", author, step, got, err, want.User)
		}
		item := itemAfter(author, step)
		if got, err := store.Item(ctx, item.Kind, item.Key, time.Time{}); err != nil || !cmp.Equal(got, item) {
			return nil, fmt.Errorf("author %d's item after step %d is %+v, %w", author, step, got, err)
		}
	}
	if n, err := store.CountUsers(ctx, service.Filter{}); err != nil || n != expected {
		return nil, fmt.Errorf("%d users, want %d: %w", n, expected, err)
	}
	if all, err := store.Items(ctx, service.ItemQuery{Kind: "step", Limit: 10_000_000}); err != nil || len(all) != expected {
		return nil, fmt.Errorf("%d items, want %d: %w", len(all), expected, err)
	}
	return steps, nil
}

func parseStep(requestID string) (author, step int, err error) {
	a, s, _ := strings.Cut(requestID, ":")
	if author, err = strconv.Atoi(a); err != nil {
		return 0, 0, err
	}
	step, err = strconv.Atoi(s)
	return author, step, err
}

// remote is a store in a process of its own.
type remote struct {
	t       testing.TB
	cmd     *exec.Cmd
	orders  *json.Encoder
	in      io.Closer
	answers chan answer // closed when the process has ended
	// steps are the authors' last steps when the process began.
	steps map[int]int
}

// startStore starts a process with a store on the file at path.
func startStore(t testing.TB, path string) *remote {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
	cmd.Env = append(os.Environ(), storeVariable+"="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &remote{t: t, cmd: cmd, orders: json.NewEncoder(in), in: in, answers: make(chan answer, 1)}
	go func() {
		defer close(r.answers)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var a answer
			if json.Unmarshal(lines.Bytes(), &a) == nil { // the last line may be cut off
				r.answers <- a
			}
		}
	}()
	t.Cleanup(r.kill)
	r.steps = r.next().Steps
	return r
}

// next waits for the next answer.
func (r *remote) next() answer {
	r.t.Helper()
	select {
	case a, ok := <-r.answers:
		if !ok {
			r.t.Fatal("the store's process has ended")
		}
		return a
	case <-time.After(time.Minute):
		r.t.Fatal("the store's process does not answer")
	}
	return answer{}
}

// ask gives an order and waits for the answer.
func (r *remote) ask(do string, author int) answer {
	r.t.Helper()
	r.order(do, author)
	return r.next()
}

func (r *remote) order(do string, author int) {
	r.t.Helper()
	if err := r.orders.Encode(order{do, author}); err != nil {
		r.t.Fatal(err)
	}
}

// kill ends the process as kill -9 does, once.
func (r *remote) kill() {
	if r.cmd.ProcessState != nil {
		return
	}
	r.cmd.Process.Kill()
	for range r.answers { // what it has still said
	}
	r.cmd.Wait()
}

// stop lets the process end by itself.
func (r *remote) stop() {
	r.t.Helper()
	r.in.Close()
	for range r.answers {
	}
	if err := r.cmd.Wait(); err != nil {
		r.t.Errorf("the store's process: %v", err)
	}
}
