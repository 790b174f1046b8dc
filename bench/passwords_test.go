package bench

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
)

// passwords compares creations with the hashing alone, and measures what they
// leave of the machine to others.
func (l *lab) passwords(t *testing.T) {
	userd := l.startUserd(t, "--database-url=memory:")
	c := &creators{url: userd.base + "/users"}
	for _, clients := range l.creators {
		var of []float64
		for range l.rounds {
			raw := hashes(l.turn)
			of = append(of, c.rate(t, clients, l.turn)/raw)
		}
		l.note(t, named(hashRate, clients), of...)
	}
	l.note(t, "resident memory at most, while clients create users", userd.memory(t, "VmHWM")/(1<<20))

	_, user := send(t, http.MethodPost, c.url, c.body())
	url := c.url + "/" + string(user[len(`{"id":"`):len(`{"id":"`)+36])
	var p99 []float64
	for range l.rounds {
		done := make(chan []time.Duration)
		go func() { done <- paced(t, url, l.turn) }()
		c.rate(t, 64, l.turn)
		waits := <-done
		slices.Sort(waits)
		p99 = append(p99, waits[len(waits)*99/100].Seconds()*1000)
	}
	l.note(t, "GET p99 while 64 clients create users", p99...)
}

// hashes is how many passwords a second are hashed by as many threads as the
// service has slots.
func hashes(d time.Duration) float64 {
	var n atomic.Int64
	began := time.Now()
	var slots sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)-1) {
		slots.Go(func() {
			for time.Since(began) < d {
				argon2.IDKey([]byte("correct horse battery"), make([]byte, 16), 2, 19*1024, 1, 32)
				n.Add(1)
			}
		})
	}
	slots.Wait()
	return float64(n.Load()) / time.Since(began).Seconds()
}

// creators are clients that create users and, when they are told to come back
// later, do.
type creators struct {
	url string
	n   atomic.Int64
}

func (c *creators) body() string {
	return fmt.Sprintf(`{"email":"john.doe%d@example.com","first_name":"John","last_name":"Doe","password":"correct horse battery"}`, c.n.Add(1))
}

// rate is how many users so many clients get created a second, those included
// that are under way when the time is up.
func (c *creators) rate(t testing.TB, clients int, d time.Duration) float64 {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var created, last atomic.Int64 // how many, and when, as nanoseconds after the beginning
	began := time.Now()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for time.Since(began) < d {
				wait, err := c.create(client)
				switch {
				case err != nil:
					t.Error(err)
					return
				case wait > 0:
					time.Sleep(min(wait, d-time.Since(began))) // as the service asked for
				default:
					created.Add(1)
					last.Store(int64(time.Since(began)))
				}
			}
		})
	}
	all.Wait()
	return float64(created.Load()) / time.Duration(last.Load()).Seconds()
}

// create creates a user, or tells how long to wait before trying again.
func (c *creators) create(client *http.Client) (wait time.Duration, err error) {
	resp, err := client.Post(c.url, "application/json", bytes.NewReader([]byte(c.body())))
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode == http.StatusCreated {
		return 0, err
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable {
		return 0, fmt.Errorf("%s: %s", resp.Status, text)
	}
	return time.Duration(seconds) * time.Second, nil
}

// paced asks for url 100 times a second, and returns how long each answer took
// from when it should have been asked for.
func paced(t testing.TB, url string, d time.Duration) (waits []time.Duration) {
	const every = 10 * time.Millisecond
	began := time.Now()
	for at := time.Duration(0); at < d; at += every {
		time.Sleep(at - time.Since(began)) // the pace
		resp, err := http.Get(url)
		if err != nil {
			t.Error(err)
			break
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			t.Error(resp.Status, err)
		}
		resp.Body.Close()
		waits = append(waits, time.Since(began)-at)
	}
	return waits
}
