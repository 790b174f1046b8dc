package memory_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// BenchmarkDurableChanges compares the store with the least that a service
// with durable writes has to do: append a record of the same size to a file
// and fdatasync it, one fdatasync for all who wait. Both run by turns on the
// same disk, because a disk's speed changes from minute to minute; the figure
// that counts is the ratio of the two, its median over the rounds and the
// range it was in.
//
//	go test ./service/memory -run '^$' -bench DurableChanges -benchtime 5x
func BenchmarkDurableChanges(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			dir := b.TempDir()
			s, users := seeded(b, filepath.Join(dir, "users.db"), 20_000)
			defer s.Close()
			bare := newAppender(b, filepath.Join(dir, "bare"))
			var ratios, rates []float64
			b.ResetTimer()
			for round := range b.N {
				durable := rate(writers, func(writer, i int) {
					email := fmt.Sprintf("w%d-%d-%d@example.com", writer, round, i)
					_, err := s.UpdateUser(context.Background(), users[(i*writers+writer)%len(users)].User.ID, service.Update{
						At: time.Now().UTC().Truncate(time.Microsecond), Email: &service.Text{Value: email, Key: email},
					})
					if err != nil {
						b.Error(err)
					}
				})
				least := rate(writers, func(_, _ int) { bare.append() })
				ratios, rates = append(ratios, durable/least), append(rates, durable)
			}
			b.StopTimer()
			slices.Sort(ratios)
			slices.Sort(rates)
			b.ReportMetric(ratios[len(ratios)/2], "ratio")
			b.ReportMetric(ratios[0], "ratio-min")
			b.ReportMetric(ratios[len(ratios)-1], "ratio-max")
			b.ReportMetric(rates[len(rates)/2], "changes/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// seeded is a store on a file with n users, whose ids and e-mail addresses
// are in no common order.
func seeded(tb testing.TB, path string, n int) (*memory.Store, []service.Record) {
	tb.Helper()
	s := open(tb, path)
	users := make([]service.Record, n)
	var wg sync.WaitGroup
	for part := range 64 {
		wg.Go(func() {
			for i := part; i < n; i += 64 {
				users[i] = record(i)
				users[i].PasswordHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				if err := s.CreateUser(context.Background(), users[i]); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return s, users
}

// rate is how often a second writers together can do something.
func rate(writers int, do func(writer, i int)) float64 {
	const round = time.Second
	counts := make([]int, writers)
	started := time.Now()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for time.Since(started) < round {
				do(w, counts[w])
				counts[w]++
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(started).Seconds()
}

// appender appends records to a file; those who come while it waits for the
// disk share the next fdatasync.
type appender struct {
	jobs chan chan struct{}
}

func newAppender(b *testing.B, path string) *appender {
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	a := &appender{jobs: make(chan chan struct{}, 256)}
	ended := make(chan struct{})
	b.Cleanup(func() { close(a.jobs); <-ended; f.Close() })
	go func() {
		defer close(ended)
		a.run(b, f)
	}()
	return a
}

func (a *appender) run(b *testing.B, f *os.File) {
	row := make([]byte, 400) // what a user and a change take
	var buf []byte
	for first := range a.jobs {
		batch := []chan struct{}{first}
		for more := true; more && len(batch) < 256; {
			select {
			case j, ok := <-a.jobs:
				if more = ok; ok {
					batch = append(batch, j)
				}
			default:
				more = false
			}
		}
		buf = buf[:0]
		for range batch {
			buf = append(buf, row...)
		}
		if _, err := f.Write(buf); err != nil {
			b.Error(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Error(err)
		}
		for _, j := range batch {
			close(j)
		}
	}
}

func (a *appender) append() {
	done := make(chan struct{})
	a.jobs <- done
	<-done
}
