package graph_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
)

// diary is an observer that writes everything down.
type diary struct {
	over  chan struct{} // closed when a subscription is over
	mu    sync.Mutex
	lines []string // guarded by mu
}

type diaryKey struct{}

func (d *diary) write(words ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, strings.Join(words, " "))
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

func (d *diary) Begin(ctx context.Context, kind, name string) (context.Context, func()) {
	d.write("begin", kind, name)
	return context.WithValue(ctx, diaryKey{}, name), func() {
		d.write("end", kind, name)
		if kind == "subscription" {
			close(d.over)
		}
	}
}

func (d *diary) Failed(ctx context.Context, code service.Code) {
	name, _ := ctx.Value(diaryKey{}).(string)
	d.write("failed", name, string(code))
}

func (d *diary) wants(t *testing.T, lines ...string) {
	t.Helper()
	if got := d.read(); !slices.Equal(got, lines) {
		t.Errorf("told %q, want %q", got, lines)
	}
}

func TestObserverIsToldOfOperationsAndErrors(t *testing.T) {
	for _, tt := range []struct {
		name, query string
		want        []string
	}{
		{"query", `query Everybody { users(first: 1) { totalCount } }`, []string{"begin query Everybody", "end query Everybody"}},
		{"without a name", `{ changeCursor }`, []string{"begin query ", "end query "}},
		{"resolver that fails", `query Bad { users(first: -1) { totalCount } }`,
			[]string{"begin query Bad", "failed Bad INVALID_INPUT", "end query Bad"}},
		{"refused before it begins", `{ nothing }`, []string{"failed  GRAPHQL_VALIDATION_FAILED"}},
		{"subscription by POST", `subscription S { userChanges { kind } }`, []string{"failed  BAD_REQUEST"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := new(diary)
			f := newFixture(t, setup{config: graph.Config{Observer: d}})
			f.post(tt.query, nil)
			d.wants(t, tt.want...)
		})
	}
}

func TestObserverIsToldWhenSubscriptionsEnd(t *testing.T) {
	overBoth(t, func(t *testing.T, subscribe subscribeFunc) {
		d := &diary{over: make(chan struct{})}
		f := newFixture(t, setup{config: graph.Config{Observer: d}})
		after := f.end()
		live := subscribe(f, follow, vars{"after": after})
		changed(f)
		nextChange(t, live)
		live.leave()
		<-d.over
		if got := d.read(); !slices.Contains(got, "begin subscription Follow") || got[len(got)-1] != "end subscription Follow" {
			t.Errorf("told %q", got)
		}
	})
}
