package service_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

// once creates a user under a key, and has to.
func (w *world) once(t *testing.T, key string, in service.UserInput) (service.User, bool) {
	t.Helper()
	u, replayed, err := w.CreateUserOnce(t.Context(), key, in)
	if err != nil {
		t.Fatal(err)
	}
	return u, replayed
}

// count is how many users there are.
func (w *world) count(t *testing.T) int {
	t.Helper()
	n, err := w.store.CountUsers(t.Context(), service.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCreateUserOnce(t *testing.T) {
	w := newWorld(t)
	created, replayed := w.once(t, "a", newUser("ada@example.com"))
	if replayed || created.Email != "ada@example.com" || created.Version != 1 {
		t.Fatalf("%+v, replayed: %v", created, replayed)
	}
	w.wantStored(t, created)
	if _, err := w.UpdateUserEmail(t.Context(), created.ID, service.Some("king@example.com"), nil); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(service.IdempotencyKeyLifetime - time.Microsecond)
	again, replayed := w.once(t, "a", newUser(" ada@example.com"))
	if diff := cmp.Diff(created, again); diff != "" || !replayed {
		t.Errorf("replayed: %v; the answer of the first time (-want +got):\n%s", replayed, diff)
	}
	other, replayed := w.once(t, "b", newUser("ada@example.com"))
	if replayed || other.ID == created.ID {
		t.Errorf("another key is another request: %+v, replayed: %v", other, replayed)
	}
	w.now = w.now.Add(time.Microsecond)
	_, _, err := w.CreateUserOnce(t.Context(), "a", newUser("ada@example.com"))
	wantError[*service.EmailTakenError](t, err, service.CodeEmailTaken) // a day later the key says nothing any more
}

func TestCreateUserOnceForAnotherRequest(t *testing.T) {
	for name, change := range map[string]func(*service.UserInput){
		"another address":           func(in *service.UserInput) { in.Email = service.Some("king@example.com") },
		"the address in other case": func(in *service.UserInput) { in.Email = service.Some("Ada@example.com") },
		"another first name":        func(in *service.UserInput) { in.FirstName = service.Some("Augusta") },
		"another last name":         func(in *service.UserInput) { in.LastName = service.Some("King") },
		"another password":          func(in *service.UserInput) { in.Password = service.Some(goodPassword + ".") },
		"not active":                func(in *service.UserInput) { in.IsActive = service.Some(false) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			created, _ := w.once(t, "a", newUser("ada@example.com"))
			in := newUser("ada@example.com")
			change(&in)
			_, replayed, err := w.CreateUserOnce(t.Context(), "a", in)
			if wantError[*service.IdempotencyKeyReusedError](t, err, service.CodeIdempotencyKeyReused); replayed {
				t.Error("that is no replay")
			}
			w.wantStored(t, created)
			if n := w.count(t); n != 1 {
				t.Errorf("there are %d users", n)
			}
		})
	}
	w := newWorld(t)
	in := newUser("ada@example.com")
	w.once(t, "a", in)
	in.IsActive = service.Some(true) // is what it is without being said
	if _, replayed := w.once(t, "a", in); !replayed {
		t.Error("no replay")
	}
}

// A request that is refused says nothing about the next one with its key.
func TestCreateUserOnceAfterARefusal(t *testing.T) {
	w := newWorld(t)
	w.create(t, "ada@example.com")
	_, _, err := w.CreateUserOnce(t.Context(), "a", service.UserInput{})
	wantError[*service.InvalidInputError](t, err, service.CodeInvalidInput)
	_, _, err = w.CreateUserOnce(t.Context(), "a", newUser("ada@example.com"))
	wantError[*service.EmailTakenError](t, err, service.CodeEmailTaken)
	if _, replayed := w.once(t, "a", newUser("king@example.com")); replayed {
		t.Error("a replay of what was refused")
	}
}

// Who deletes a user erases what an idempotency key says about the user, too.
func TestCreateUserOnceOfADeletedUser(t *testing.T) {
	w := newWorld(t)
	u, _ := w.once(t, "a", newUser("ada@example.com"))
	if err := w.DeleteUser(t.Context(), u.ID, nil); err != nil {
		t.Fatal(err)
	}
	if again, replayed := w.once(t, "a", newUser("ada@example.com")); replayed || again.ID == u.ID {
		t.Errorf("%+v, replayed: %v", again, replayed)
	}
}

func TestIdempotencyKeysAreTheActors(t *testing.T) {
	w := newWorld(t)
	for i, actor := range []service.Actor{
		service.KeyActor("one", []service.Scope{service.ScopeUsersWrite}),
		service.KeyActor("two", []service.Scope{service.ScopeUsersWrite}),
	} {
		in := newUser(strings.Repeat("a", i+1) + "@example.com")
		if u, replayed, err := w.CreateUserOnce(service.WithActor(t.Context(), actor), "a", in); err != nil || replayed {
			t.Errorf("%v: %+v, replayed: %v, %v", actor, u, replayed, err)
		}
	}
}

func TestIdempotencyKeys(t *testing.T) {
	for key, want := range map[string]service.FieldCode{
		"":                       service.FieldRequired,
		strings.Repeat("k", 256): service.FieldTooLong,
		"tab\t":                  service.FieldForbiddenCharacter,
		"k\x7f":                  service.FieldForbiddenCharacter,
		"schlüssel":              service.FieldForbiddenCharacter,
		" ~":                     "",
		strings.Repeat("k", 255): "",
	} {
		w := newWorld(t)
		_, _, err := w.CreateUserOnce(t.Context(), key, newUser("ada@example.com"))
		mistaken := mistakes{}
		if want != "" {
			mistaken[service.FieldIdempotencyKey] = want
		}
		wantMistakes(t, err, mistaken)
	}
}

// Of many at once one creates the user; the others are told so, or to wait.
func TestCreateUserOnceAtOnce(t *testing.T) {
	w := newWorldWith(t, service.Config{Argon2: cheap, Hashing: service.HashingLimits{Slots: 2, Queue: 100}})
	var created, replays, waits atomic.Int32
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			_, replayed, err := w.CreateUserOnce(t.Context(), "a", newUser("ada@example.com"))
			switch {
			case errors.Is(err, &service.IdempotencyKeyInUseError{}):
				waits.Add(1)
			case err != nil:
				t.Error(err)
			case replayed:
				replays.Add(1)
			default:
				created.Add(1)
			}
		})
	}
	wg.Wait()
	if created.Load() != 1 || replays.Load()+waits.Load() != 63 {
		t.Errorf("%d created, %d replays, %d to wait", created.Load(), replays.Load(), waits.Load())
	}
}

// lossy is a store whose answers get lost, before or after it has done what it
// was asked for.
type lossy struct {
	service.Store
	create func(err error) error // what becomes of the answer to CreateUser
	claim  func(err error) error // what becomes of that to ChangeItems
	item   func(err error) error // what becomes of that to Item
}

func answer(with func(error) error, err error) error {
	if with == nil {
		return err
	}
	return with(err)
}

func (l *lossy) CreateUser(ctx context.Context, r service.Record, items ...service.ItemChange) error {
	return answer(l.create, l.Store.CreateUser(ctx, r, items...))
}

func (l *lossy) ChangeItems(ctx context.Context, at time.Time, changes []service.ItemChange) error {
	return answer(l.claim, l.Store.ChangeItems(ctx, at, changes))
}

func (l *lossy) Item(ctx context.Context, kind service.ItemKind, key service.ItemKey, at time.Time) (service.Item, error) {
	i, err := l.Store.Item(ctx, kind, key, at)
	return i, answer(l.item, err)
}

func TestCreateUserOnceWithALostAnswer(t *testing.T) {
	w := newWorld(t)
	store := &lossy{Store: w.store, create: func(error) error { return &service.OutcomeUnknownError{} }}
	_, _, err := service.New(store, service.Config{Argon2: cheap, Now: func() time.Time { return w.now }}).
		CreateUserOnce(t.Context(), "a", newUser("ada@example.com"))
	wantError[*service.OutcomeUnknownError](t, err, service.CodeOutcomeUnknown)
	if u, replayed := w.once(t, "a", newUser("ada@example.com")); !replayed || u.Email != "ada@example.com" {
		t.Errorf("%+v, replayed: %v", u, replayed)
	}
}

// A copy of the service that ends in the middle leaves its claim behind.
func TestCreateUserOnceAfterACrash(t *testing.T) {
	w := newWorld(t)
	svc := service.New(refusing{w.store}, service.Config{Argon2: cheap, Now: func() time.Time { return w.now }})
	if _, _, err := svc.CreateUserOnce(t.Context(), "a", newUser("ada@example.com")); service.CodeOf(err) != service.CodeOutcomeUnknown {
		t.Fatal(err)
	}
	_, _, err := w.CreateUserOnce(t.Context(), "a", newUser("ada@example.com"))
	wantError[*service.IdempotencyKeyInUseError](t, err, service.CodeIdempotencyKeyInUse)
	w.now = w.now.Add(time.Minute)
	if _, replayed := w.once(t, "a", newUser("ada@example.com")); replayed {
		t.Error("a replay of what never was")
	}
}

// refusing is a store that creates nobody and does not say so.
type refusing struct{ service.Store }

func (refusing) CreateUser(context.Context, service.Record, ...service.ItemChange) error {
	return &service.OutcomeUnknownError{}
}

// Who takes so long that the claim ends does not create what somebody else may
// be creating.
func TestCreateUserOnceTooSlowly(t *testing.T) {
	w := newWorld(t)
	times := []time.Time{w.now, w.now.Add(time.Minute)}
	now := func() time.Time {
		at := times[0]
		times = append(times[1:], times[len(times)-1])
		return at
	}
	_, _, err := service.New(w.store, service.Config{Argon2: cheap, Now: now}).CreateUserOnce(t.Context(), "a", newUser("ada@example.com"))
	wantError[*service.IdempotencyKeyInUseError](t, err, service.CodeIdempotencyKeyInUse)
	if n := w.count(t); n != 0 {
		t.Errorf("there are %d users", n)
	}
}

func TestCreateUserOnceOnAFailingStore(t *testing.T) {
	away := &service.UnavailableError{Reason: "The store is away."}
	always := func(error) error { return away }
	for name, c := range map[string]struct {
		store lossy
		want  service.Code
	}{
		"no claim":                     {lossy{claim: always}, service.CodeUnavailable},
		"no answer to who has claimed": {lossy{item: always}, service.CodeUnavailable},
		"the claim has just been given up": {lossy{item: func(error) error { return &service.ItemNotFoundError{} }},
			service.CodeIdempotencyKeyInUse},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.once(t, "a", newUser("ada@example.com"))
			c.store.Store = w.store
			svc := service.New(&c.store, service.Config{Argon2: cheap, Now: func() time.Time { return w.now }})
			if _, replayed, err := svc.CreateUserOnce(t.Context(), "a", newUser("ada@example.com")); service.CodeOf(err) != c.want || replayed {
				t.Errorf("%v, replayed: %v", err, replayed)
			}
		})
	}
}

// What is kept is read as strictly as it is written.
func TestCreateUserOnceWithADamagedAnswer(t *testing.T) {
	w := newWorld(t)
	w.once(t, "a", newUser("ada@example.com"))
	kept, err := w.store.Items(t.Context(), service.ItemQuery{Kind: "user-creation", Limit: 1, At: w.now})
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	if strings.Contains(string(kept[0].Value), goodPassword) {
		t.Error("the password is kept")
	}
	damaged := kept[0]
	damaged.Value = []byte("{")
	change := service.ItemChange{Kind: damaged.Kind, Key: damaged.Key, Was: kept[0].Value, New: &damaged}
	if err := w.store.ChangeItems(t.Context(), w.now, []service.ItemChange{change}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.CreateUserOnce(t.Context(), "a", newUser("ada@example.com")); service.CodeOf(err) != service.CodeInternal {
		t.Error(err)
	}
}

// A replay compares passwords, which takes its turn like any hashing.
func TestCreateUserOnceGivenUpWhileItWaits(t *testing.T) {
	w := newWorld(t)
	w.once(t, "a", newUser("ada@example.com"))
	ctx, hangUp := context.WithCancelCause(t.Context())
	svc := service.New(&lossy{Store: w.store, item: func(err error) error { hangUp(errHungUp); return err }},
		service.Config{Argon2: cheap, Now: func() time.Time { return w.now }})
	if _, _, err := svc.CreateUserOnce(ctx, "a", newUser("ada@example.com")); !errors.Is(err, errHungUp) {
		t.Error(err)
	}
}
