package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	gqlexecutor "github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/userd/userd/graph/internal/exec"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// both executes operations in two ways over one store: as they are served, and
// by gqlgen's own executor over nothing but generated code. Each has a service
// of its own, as limits are counted there.
type both struct {
	served, generated way
	svc               *service.Service // the served one
}

// way is one of the two, and the codes that its observer was told of.
type way struct {
	graphql.GraphExecutor
	failures *failures
}

// failures is an observer that notes what has failed.
type failures struct {
	nobody
	mu    sync.Mutex
	codes []service.Code // guarded by mu
}

func (f *failures) Failed(_ context.Context, code service.Code) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.codes = append(f.codes, code)
}

// take returns what has failed since it was called last, in no order of time.
func (f *failures) take() []service.Code {
	f.mu.Lock()
	defer f.mu.Unlock()
	codes := f.codes
	f.codes = nil
	slices.Sort(codes)
	return codes
}

// Ids of which the store says what it says of no others.
var (
	unavailable = uuid.MustParse("01900000-0000-7000-8000-0000000000aa")
	panicked    = uuid.MustParse("01900000-0000-7000-8000-0000000000bb")
	givenUpOn   = uuid.MustParse("01900000-0000-7000-8000-0000000000cc")
)

type cancelKey struct{}

// unreliable is a store that fails where it is asked to.
type unreliable struct{ service.Store }

func (s unreliable) User(ctx context.Context, id uuid.UUID) (service.User, error) {
	switch id {
	case unavailable:
		return service.User{}, &service.UnavailableError{Reason: "Not now."}
	case panicked:
		panic("secret")
	case givenUpOn: // the client leaves meanwhile
		ctx.Value(cancelKey{}).(context.CancelFunc)()
		return service.User{}, context.Cause(ctx)
	}
	return s.Store.User(ctx, id)
}

func (s unreliable) UsersByID(ctx context.Context, ids []uuid.UUID) ([]service.User, error) {
	for _, id := range ids {
		if _, err := s.User(ctx, id); service.CodeOf(err) == service.CodeUnavailable {
			return nil, err
		}
	}
	return s.Store.UsersByID(ctx, ids)
}

// CountUsers fails for lists of those who are not active.
func (s unreliable) CountUsers(ctx context.Context, f service.Filter) (int, error) {
	if f.IsActive != nil && !*f.IsActive {
		return 0, &service.UnavailableError{Reason: "Not now."}
	}
	return s.Store.CountUsers(ctx, f)
}

// password is that of all users.
const password = "difference engine"

// newBoth returns both ways over services with this configuration, which have
// users whose texts are as awkward as they get, and the ids of the users.
func newBoth(t testing.TB, c service.Config) (b both, ids []string) {
	t.Helper()
	store := unreliable{memory.New()}
	c.Argon2 = service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1}
	operator := service.WithActor(t.Context(), service.OperatorActor("test"))
	b.svc = service.New(store, c)
	created := time.UnixMicro(1_770_000_000_120_000).UTC()
	past := service.New(store, service.Config{Argon2: c.Argon2, Now: func() time.Time { return created }})
	for i, name := range []string{"Ada", `"Bob" <&>`, `Č\é`, "👩‍🚀"} {
		u, err := past.CreateUser(operator, service.UserInput{
			Email: service.Some(string(rune('a'+i)) + "@Example.com"), FirstName: service.Some(name), LastName: service.Some("O'" + name),
			Password: service.Some(password), IsActive: service.Some(i%2 == 0),
		})
		if err != nil {
			t.Fatal(err)
		}
		if verified := created.Add(time.Hour); i < 2 {
			if _, err := store.UpdateUser(operator, u.ID, service.Update{At: verified, EmailVerifiedAt: &verified}); err != nil {
				t.Fatal(err)
			}
		}
		ids = append(ids, u.ID.String())
	}
	b.served = newWay(func(errs presenter) graphql.GraphExecutor {
		schema := exec.Config{Schema: servedSchema(), Resolvers: resolvers{b.svc}}
		return newAdmission(newExecutor(exec.New(schema), errs), schema.Schema, Config{}.withDefaults())
	})
	b.generated = newWay(func(errs presenter) graphql.GraphExecutor {
		e := gqlexecutor.New(exec.NewExecutableSchema(exec.Config{Schema: servedSchema(), Resolvers: resolvers{service.New(store, c)}}))
		e.SetErrorPresenter(errs.present)
		e.SetRecoverFunc(errs.recovered)
		return e
	})
	return b, ids
}

func newWay(executor func(presenter) graphql.GraphExecutor) way {
	f := new(failures)
	return way{executor(newPresenter(slog.New(slog.DiscardHandler), f)), f}
}

// answer executes params and returns all answers, as they would be sent. ctx
// may have ended.
func answer(ctx context.Context, e graphql.GraphExecutor, params graphql.RawParams) (answers []string, errs gqlerror.List) {
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(ctx))
	defer cancel()
	ctx = context.WithValue(ctx, cancelKey{}, cancel)
	op, errs := e.CreateOperationContext(ctx, &params)
	if errs != nil {
		return nil, errs
	}
	op.DisableIntrospection = false
	next, ctx := e.DispatchOperation(ctx, op)
	for resp := next(ctx); resp != nil; resp = next(ctx) {
		sortErrors(resp.Errors) // fields run at once, and gqlgen leaves their errors in any order
		answers = append(answers, string(encode(resp)))
	}
	return answers, nil
}

// agree fails the test unless both ways give the same bytes. It returns them,
// or nil for an operation that is not admitted.
func (b both) agree(ctx context.Context, t *testing.T, params graphql.RawParams) []string {
	t.Helper()
	given := maps.Clone(params.Variables)
	got, refused := answer(ctx, b.served, params)
	if refused != nil {
		return nil
	}
	params.Variables = maps.Clone(given)
	want, errs := answer(ctx, b.generated, params)
	if errs != nil {
		t.Fatalf("%v of %s, with %v", errs, params.Query, params.Variables)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s, with %v: %s", params.Query, params.Variables, difference(strings.Join(got, ""), strings.Join(want, "")))
	}
	if got, want := b.served.failures.take(), b.generated.failures.take(); !slices.Equal(got, want) {
		t.Errorf("%s, with %v: the observer is told of %v, want %v", params.Query, params.Variables, got, want)
	}
	return got
}

// difference is where two answers that are not equal part, and a little of
// what comes then.
func difference(got, want string) string {
	const little = 200
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Sprintf("at byte %d got %q, want %q", at, got[at:min(at+little, len(got))], want[at:min(at+little, len(want))])
}

// generate makes an operation of choices.
func (b both) generate(choices []byte, ids, cursors []string) graphql.RawParams {
	return newGenerator(choices, b.served.GraphExecutor.(*admission).schema, slices.Clone(ids), slices.Clone(cursors)).operation()
}

// cursors are those of the users in the default order.
func (b both) cursors(t testing.TB) (cursors []string) {
	t.Helper()
	got, errs := answer(t.Context(), b.served, graphql.RawParams{Query: "{ users { edges { cursor } } }"})
	var page struct {
		Data struct {
			Users struct{ Edges []struct{ Cursor string } }
		}
	}
	if errs != nil || json.Unmarshal([]byte(got[0]), &page) != nil {
		t.Fatal(got, errs)
	}
	for _, e := range page.Data.Users.Edges {
		cursors = append(cursors, e.Cursor)
	}
	return cursors
}
