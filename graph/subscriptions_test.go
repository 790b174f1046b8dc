package graph_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
)

const follow = `subscription Follow($after: String, $userId: ID) { userChanges(after: $after, userId: $userId) { ` + changeFields + ` } }`

// end is the cursor of the log's end. A subscription from there on misses
// nothing, however long it takes to begin.
func (f *fixture) end() any {
	f.t.Helper()
	return f.post(`{ changes(first: 200) { pageInfo { endCursor } } }`, nil).path(f.t, "data", "changes", "pageInfo", "endCursor")
}

type subscribeFunc = func(f *fixture, document string, v vars) subscriber

func TestSubscriptionBringsChangesAsTheyHappenAndResumes(t *testing.T) {
	overBoth(t, func(t *testing.T, subscribe subscribeFunc) {
		f := newFixture(t)
		live := subscribe(f, follow, vars{"after": f.end()})
		changed(f)
		var got []any
		for range adasChanges {
			got = append(got, nextChange(t, live))
		}
		want := f.post(`{ changes { nodes { `+changeFields+` } } }`, nil).path(t, "data", "changes", "nodes")
		if diff := cmp.Diff(want, any(got)); diff != "" {
			t.Errorf("-log +subscription:\n%s", diff)
		}
		if diff := cmp.Diff(adasChanges, lines(t, got)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}

		live.leave()
		f.rename(1, "Augusta")
		resumed := subscribe(f, follow, vars{"after": got[2].(map[string]any)["cursor"]})
		if got := changeLines(t, resumed, 2); got[0] != adasChanges[3] || got[1] != "UPDATED firstName=Ada>Augusta" {
			t.Errorf("resumed with %q", got)
		}
	})
}

// TestSubscriptionBeginsNow: without a cursor, only what happens from now on
// is told. The subscription has begun when its log has been asked for.
func TestSubscriptionBeginsNow(t *testing.T) {
	overBoth(t, func(t *testing.T, subscribe subscribeFunc) {
		begun := make(chan struct{}, 100)
		f := newFixture(t, setup{store: func(s service.Store) service.Store {
			return &brokenLog{Store: s, await: func(ctx context.Context, after int64) error {
				begun <- struct{}{}
				return s.AwaitChange(ctx, after)
			}}
		}})
		changed(f)
		live := subscribe(f, `subscription { renamed: userChanges { kind } }`, nil)
		<-begun
		f.remove(1)
		if m := live.receive(); fmt.Sprint(m) != "{next map[renamed:map[kind:DELETED]]}" {
			t.Errorf("got %v", m)
		}
	})
}

func TestSubscriptionToOneUserAndErasure(t *testing.T) {
	overBoth(t, func(t *testing.T, subscribe subscribeFunc) {
		f := newFixture(t)
		start := f.end()
		changed(f)
		f.create(vars{"email": "bob@example.com"})
		one := subscribe(f, follow, vars{"after": start, "userId": id(2)})
		if got := changeLines(t, one, 1); !strings.HasPrefix(got[0], "CREATED email=->bob@") {
			t.Errorf("got %q", got)
		}
		f.rename(1, "Augusta")
		f.rename(2, "Robert")
		f.remove(1)
		f.remove(2)
		if got := changeLines(t, one, 2); got[1] != "DELETED" || got[0] != "UPDATED firstName=Ada>Robert" && got[0] != "UPDATED firstName=->-" {
			t.Errorf("got %q", got)
		}
		late := subscribe(f, follow, vars{"after": start, "userId": id(2)})
		want := []string{"CREATED email=->- firstName=->- lastName=->- password=->- isActive=->-", "UPDATED firstName=->-", "DELETED"}
		if diff := cmp.Diff(want, changeLines(t, late, 3)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestSubscriptionsThatAreRefused(t *testing.T) {
	overBoth(t, func(t *testing.T, subscribe subscribeFunc) {
		f, first := expiring(t)
		for _, c := range []struct {
			name, document string
			v              vars
			code           string
		}{
			{"an expired cursor", follow, vars{"after": first}, "CURSOR_EXPIRED"},
			{"no cursor", follow, vars{"after": "x"}, "INVALID_INPUT"},
			{"no id", follow, vars{"userId": "x"}, "INVALID_INPUT"},
			{"the nil id", follow, vars{"userId": "00000000-0000-0000-0000-000000000000"}, "INVALID_INPUT"},
			{"a variable of another type", follow, vars{"after": 5}, "GRAPHQL_VALIDATION_FAILED"},
			{"variables too deep", follow, vars{"after": []any{[]any{[]any{[]any{[]any{[]any{[]any{[]any{[]any{[]any{[]any{}}}}}}}}}}}}, "LIMIT_EXCEEDED"},
			{"no document", "", nil, "BAD_REQUEST"},
			{"no GraphQL", "subscription {", nil, "GRAPHQL_PARSE_FAILED"},
			{"an unknown field", "subscription { nothing }", nil, "GRAPHQL_VALIDATION_FAILED"},
			{"no field", "subscription { __typename }", nil, "GRAPHQL_VALIDATION_FAILED"},
			{"no field in a fragment", "subscription { ...F } fragment F on Subscription { __typename }", nil, "GRAPHQL_VALIDATION_FAILED"},
			{"a field under two names", "subscription { userChanges { cursor } b: userChanges { cursor } }", nil, "GRAPHQL_VALIDATION_FAILED"},
			{"a field that may be skipped", "subscription ($no: Boolean = true) { userChanges @skip(if: $no) { cursor } }", nil, "GRAPHQL_VALIDATION_FAILED"},
			{"a fragment that may be left out", "subscription { ... @include(if: false) { userChanges { cursor } } }", nil, "GRAPHQL_VALIDATION_FAILED"},
			{"a spread that may be left out", "subscription { ...F @include(if: false) } fragment F on Subscription { userChanges { cursor } }", nil, "GRAPHQL_VALIDATION_FAILED"},
			{"too large a document", "subscription { userChanges {" + strings.Repeat(" cursor", 11) + " } }", nil, "LIMIT_EXCEEDED"},
		} {
			s := subscribe(f, c.document, c.v)
			if code := refusal(t, s); code != c.code {
				t.Errorf("%s: %s, want %s", c.name, code, c.code)
			}
			ended(t, s)
		}
		merged := subscribe(f, "subscription ($after: String) { userChanges(after: $after) { kind } ...F } fragment F on Subscription { userChanges(after: $after) { cursor } }", vars{"after": f.end()})
		f.remove(1)
		if c := nextChange(t, merged); c["kind"] != "DELETED" || c["cursor"] == nil {
			t.Errorf("a field in two parts: %v", c)
		}
	})
}

// TestSubscriptionsThatFail: the log is cut off, breaks or panics, before the
// subscription has begun and in its midst. What happened before is told.
func TestSubscriptionsThatFail(t *testing.T) {
	overBoth(t, func(t *testing.T, subscribe subscribeFunc) {
		for name, c := range map[string]struct {
			fail func() error
			code string
		}{
			"expired":     {func() error { return &service.CursorExpiredError{} }, "CURSOR_EXPIRED"},
			"unavailable": {func() error { return &service.UnavailableError{Err: errors.New("secret")} }, "UNAVAILABLE"},
			"broken":      {func() error { return errors.New("secret") }, "INTERNAL"},
			"a panic":     {func() error { panic("secret") }, "INTERNAL"},
		} {
			t.Run(name, func(t *testing.T) {
				var broken atomic.Bool
				f := newFixture(t, setup{store: func(s service.Store) service.Store {
					return &brokenLog{Store: s,
						state: func() error {
							if broken.Load() {
								return c.fail()
							}
							return nil
						},
						await: func(ctx context.Context, after int64) error {
							if after >= 4 {
								return c.fail()
							}
							return s.AwaitChange(ctx, after)
						}}
				}})
				start := f.end()
				changed(f)
				s := subscribe(f, follow, vars{"after": start})
				changeLines(t, s, 4)
				if code := refusal(t, s); code != c.code {
					t.Errorf("in its midst: %s, want %s", code, c.code)
				}
				ended(t, s)
				broken.Store(true)
				s = subscribe(f, follow, vars{"after": start})
				if code := refusal(t, s); code != c.code {
					t.Errorf("before it began: %s, want %s", code, c.code)
				}
				ended(t, s)
				if n := strings.Count(f.log.String(), "secret"); (n > 0) != (c.code != "CURSOR_EXPIRED") {
					t.Errorf("the log: %s", f.log)
				}
			})
		}
	})
}

func TestQueriesAndMutationsOverStreams(t *testing.T) {
	overBoth(t, func(t *testing.T, subscribe subscribeFunc) {
		f := newFixture(t)
		for _, c := range []struct{ document, want string }{
			{`mutation { createUser(input: {email: "ada@example.com", firstName: "A", lastName: "L", password: "analytical engine"}) { user { firstName } errors { code } } }`,
				`{next map[createUser:map[errors:[] user:map[firstName:A]]]}`},
			{`query { userByEmail(email: "ada@example.com") { lastName } }`, `{next map[userByEmail:map[lastName:L]]}`},
			{`{ __typename }`, `{next map[__typename:Query]}`},
		} {
			s := subscribe(f, c.document, nil)
			if m := s.receive(); fmt.Sprint(m) != c.want {
				t.Errorf("got %v, want %s", m, c.want)
			}
			if m := s.receive(); m.kind != "complete" {
				t.Errorf("got %v, want complete", m)
			}
		}
		s := subscribe(f, `{ user(id: "x") { id } }`, nil)
		if m := s.receive(); m.kind != "next" || !strings.Contains(fmt.Sprint(m.payload), "INVALID_INPUT") || !strings.Contains(fmt.Sprint(m.payload), "data:map[user:<nil>]") {
			t.Errorf("an error of a field: %v", m)
		}
		if m := s.receive(); m.kind != "complete" {
			t.Errorf("got %v, want complete", m)
		}
	})
}

// TestStreamsOutliveTheServersTimeouts: those bound requests that have one
// answer.
func TestStreamsOutliveTheServersTimeouts(t *testing.T) {
	overBoth(t, func(t *testing.T, subscribe subscribeFunc) {
		const short = 250 * time.Millisecond
		f := newFixture(t, setup{readTimeout: short, writeTimeout: short, config: graph.Config{Streams: graph.Streams{KeepAlive: short}}})
		s := subscribe(f, follow, vars{"after": f.end()})
		s.awaitKeepAlives(4)
		f.create(ada())
		changeLines(t, s, 1)
	})
}

func TestDrainEndsSubscriptions(t *testing.T) {
	overBoth(t, func(t *testing.T, subscribe subscribeFunc) {
		drain, startDraining := context.WithCancel(t.Context())
		defer startDraining()
		f := newFixture(t, setup{config: graph.Config{Drain: drain}})
		start := f.end()
		f.create(ada())
		s := subscribe(f, follow, vars{"after": start})
		changeLines(t, s, 1)
		startDraining()
		// 1001 and an end without the event complete are what clients connect
		// again after.
		if m := s.receive(); m != (message{"closed", 1001}) && m != (message{"closed", "EOF"}) {
			t.Errorf("got %v", m)
		}
		s.leave()
	})
}
