package graph_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
)

// readsStore counts how many changes of one user are read.
type readsStore struct {
	service.Store
	read atomic.Int64
}

func (s *readsStore) Changes(ctx context.Context, q service.ChangeQuery) (service.ChangeSlice, error) {
	slice, err := s.Store.Changes(ctx, q)
	if q.UserID != uuid.Nil {
		s.read.Add(int64(len(slice.Changes)))
	}
	return slice, err
}

// many is more changes than all buffers between server and client hold.
const many = 3000

// renameOften gives the first user so many names, long ones.
func renameOften(t *testing.T, svc *service.Service) {
	t.Helper()
	user, err := uuid.Parse(id(1))
	if err != nil {
		t.Fatal(err)
	}
	for i := range many {
		in := service.UserInput{FirstName: service.Some(fmt.Sprintf("%d%s", i, strings.Repeat("ä", 90)))}
		if _, err := svc.UpdateUser(t.Context(), user, in, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// names receives the changes of renameOften and fails the test unless each
// comes once and in order.
func names(t *testing.T, s subscriber) {
	t.Helper()
	for i := range many {
		isName(t, nextChange(t, s), i)
	}
}

func isName(t *testing.T, change map[string]any, i int) {
	t.Helper()
	if got := change["fields"].([]any)[0].(map[string]any)["new"].(string); !strings.HasPrefix(got, fmt.Sprintf("%dä", i)) {
		t.Fatalf("change %d has the name %s", i, got)
	}
}

// TestSlowReaderLosesNothing: one that does not read for a while holds up
// neither writers nor other readers, has the server read no further than it
// can send, and then gets everything.
func TestSlowReaderLosesNothing(t *testing.T) {
	overBoth(t, func(t *testing.T, subscribe subscribeFunc) {
		var store *readsStore
		f := newFixture(t, setup{smallBuffers: true, config: graph.Config{Streams: graph.Streams{SendTimeout: 5 * patience}}, store: func(s service.Store) service.Store {
			store = &readsStore{Store: s}
			return store
		}})
		f.create(ada())
		start := f.end()
		slow := subscribe(f, follow, vars{"after": start, "userId": id(1)})
		fast := subscribe(f, follow, vars{"after": start})
		done := make(chan struct{})
		go func() {
			defer close(done)
			renameOften(t, f.svc)
		}()
		names(t, fast)
		<-done
		if n := store.read.Load(); n > many/2 {
			t.Errorf("%d changes have been read for a client that does not take them", n)
		}
		names(t, slow)
	})
}

// TestReaderThatStopsIsCutOffAndResumes: a client that accepts nothing for
// long enough holds no connection. It goes on with its cursor.
func TestReaderThatStopsIsCutOffAndResumes(t *testing.T) {
	overBoth(t, func(t *testing.T, subscribe subscribeFunc) {
		f := newFixture(t, setup{smallBuffers: true, config: graph.Config{Streams: graph.Streams{SendTimeout: 50 * time.Millisecond}}})
		f.create(ada())
		stopped := subscribe(f, follow, vars{"after": f.end()})
		renameOften(t, f.svc)
		f.awaitLog(`"request_id":"` + streamID + `"`)
		n, last := 0, any(nil)
		for s, cuts := stopped, 0; n < many && cuts < 1000; cuts++ {
			n, last = namesUntilCut(t, s, n, last)
			if cuts == 0 && (n == 0 || n == many) {
				t.Fatalf("%d changes were on their way", n)
			}
			s = subscribe(f, follow, vars{"after": last})
		}
		if n != many {
			t.Errorf("got %d changes", n)
		}
	})
}

// namesUntilCut receives as names does, until all have come or the connection
// ends, and returns how far it has come.
func namesUntilCut(t *testing.T, s subscriber, n int, last any) (int, any) {
	t.Helper()
	for n < many {
		m := s.receive()
		if m.kind != "next" {
			break
		}
		c := m.payload.(map[string]any)["userChanges"].(map[string]any)
		isName(t, c, n)
		n, last = n+1, c["cursor"]
	}
	s.leave()
	return n, last
}
