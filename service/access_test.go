package service_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// closed is a service that serves those alone who have said who they are.
func closed(t *testing.T) *world {
	return newWorldWith(t, service.Config{Argon2: cheap, Authenticators: []service.Authenticator{nobody}})
}

func nobody(context.Context, string) (service.Actor, error) {
	return service.Actor{}, &service.UnauthenticatedError{}
}

// as is a context of an actor.
func as(t *testing.T, a service.Actor) context.Context { return service.WithActor(t.Context(), a) }

func root(t *testing.T) context.Context { return as(t, service.OperatorActor("test")) }

func key(scopes ...service.Scope) service.Actor { return service.KeyActor("app", scopes) }

// call is a call of a method of the service.
type call func(ctx context.Context, s *service.Service) error

// first is the error of a method that also returns something.
func first[T any](_ T, err error) error { return err }

// calls are all operations: about nobody in particular, about ada, and about
// bob. What they find of both is checked where it is not an error.
func calls(ada, bob service.User) map[string]call {
	found := func(u *service.User, err error) error {
		if err == nil && u == nil {
			return errNothing
		}
		return err
	}
	all := map[string]call{
		"create": func(ctx context.Context, s *service.Service) error {
			return first(s.CreateUser(ctx, newUser(uuid.NewString()+"@example.com")))
		},
		"create many": func(ctx context.Context, s *service.Service) error {
			items := []service.BatchItem{{UserInput: newUser(uuid.NewString() + "@example.com")}}
			return first(s.CreateUsers(ctx, items, service.BatchAllOrNothing))
		},
		"list": func(ctx context.Context, s *service.Service) error {
			return first(s.ListUsers(ctx, service.ListInput{}))
		},
		"count": func(ctx context.Context, s *service.Service) error { return first(s.CountUsers(ctx, none)) },
		"verify": func(ctx context.Context, s *service.Service) error {
			return first(s.VerifyPassword(ctx, login(ada.Email, goodPassword)))
		},
		"make a reset": func(ctx context.Context, s *service.Service) error {
			return first(s.CreatePasswordResetToken(ctx, withEmail(ada.Email)))
		},
		"make a confirmation": func(ctx context.Context, s *service.Service) error {
			return first(s.CreateEmailConfirmationToken(ctx, withID(ada.ID)))
		},
		"reset": func(ctx context.Context, s *service.Service) error { return first(resets.redeem(s, ctx, "some token")) },
		"confirm": func(ctx context.Context, s *service.Service) error {
			return first(confirmations.redeem(s, ctx, "some token"))
		},
		"changes": func(ctx context.Context, s *service.Service) error {
			return first(s.Changes(ctx, service.ChangesInput{}))
		},
		"cursor": func(ctx context.Context, s *service.Service) error { return first(s.ChangeCursor(ctx)) },
		"follow": func(ctx context.Context, s *service.Service) error {
			return first(s.FollowChanges(ctx, service.ChangesInput{}))
		},
		"export": func(ctx context.Context, s *service.Service) error {
			for _, err := range s.Export(ctx) {
				return err
			}
			return nil
		},
		"import": func(ctx context.Context, s *service.Service) error {
			return first(s.Import(ctx, nil, service.ImportOptions{}))
		},
		"write a key": func(ctx context.Context, s *service.Service) error { // the last one, as it closes the service
			return first(keyOf(s.CreateKey(ctx, service.KeyInput{Name: uuid.NewString(), Scopes: []string{"admin"}})))
		},
		"keys":       func(ctx context.Context, s *service.Service) error { return first(s.Keys(ctx)) },
		"revoke key": func(ctx context.Context, s *service.Service) error { return s.RevokeKey(ctx, "nobody's") },
		"sign in": func(ctx context.Context, s *service.Service) error {
			return first(s.SignIn(ctx, signInOf(ada.Email)))
		},
		"refresh": func(ctx context.Context, s *service.Service) error {
			return withToken(ctx, s, ada, func(token string) error { return first(s.RefreshSession(ctx, token)) })
		},
		"sign out": func(ctx context.Context, s *service.Service) error {
			return withToken(ctx, s, ada, func(token string) error { return first(s.SignOut(ctx, token)) })
		},
		"me":          func(ctx context.Context, s *service.Service) error { return first(s.Me(ctx)) },
		"public keys": func(ctx context.Context, s *service.Service) error { return first(s.PublicKeys(ctx)) },
		"rotate key":  func(ctx context.Context, s *service.Service) error { return first(s.RotateSigningKey(ctx)) },
		"go back":     func(ctx context.Context, s *service.Service) error { return s.Reset(ctx, func() error { return nil }) },
		"ping":        func(ctx context.Context, s *service.Service) error { return s.Ping(ctx) },
	}
	for name, u := range map[string]service.User{"ada": ada, "bob": bob} {
		maps.Copy(all, map[string]call{
			"read " + name:     func(ctx context.Context, s *service.Service) error { return first(s.User(ctx, u.ID)) },
			"search " + name:   func(ctx context.Context, s *service.Service) error { return found(s.UserByEmail(ctx, u.Email)) },
			"look up " + name:  func(ctx context.Context, s *service.Service) error { return found(lookUp(ctx, s, u.ID)) },
			"rename " + name:   func(ctx context.Context, s *service.Service) error { return rename(ctx, s, u.ID) },
			"email " + name:    func(ctx context.Context, s *service.Service) error { return reEmail(ctx, s, u) },
			"password " + name: func(ctx context.Context, s *service.Service) error { return rePassword(ctx, s, u.ID) },
			"replace " + name:  func(ctx context.Context, s *service.Service) error { return replace(ctx, s, u) },
			"activate " + name: func(ctx context.Context, s *service.Service) error { return activate(ctx, s, u.ID) },
			"history " + name: func(ctx context.Context, s *service.Service) error {
				return first(s.Changes(ctx, service.ChangesInput{UserID: u.ID}))
			},
			"sessions " + name: func(ctx context.Context, s *service.Service) error { return first(s.Sessions(ctx, u.ID)) },
			"end one " + name:  func(ctx context.Context, s *service.Service) error { return s.EndSession(ctx, u.ID, uuid.Max) },
			"end all " + name:  func(ctx context.Context, s *service.Service) error { return first(s.EndSessions(ctx, u.ID)) },
			"delete " + name: func(ctx context.Context, s *service.Service) error {
				return s.DeleteUser(ctx, u.ID, service.Versions{99})
			},
		})
	}
	return all
}

var (
	none       service.Optional[service.FilterInput]
	errNothing = errors.New("nothing was found")
)

// withToken calls do with the refresh token of a new session of the user's.
func withToken(ctx context.Context, s *service.Service, u service.User, do func(token string) error) error {
	g, err := s.SignIn(service.WithActor(ctx, service.OperatorActor("test")), signInOf(u.Email))
	if err != nil {
		return err
	}
	return do(g.RefreshToken)
}

func keyOf(k service.Key, _ string, err error) (service.Key, error) { return k, err }

func lookUp(ctx context.Context, s *service.Service, id uuid.UUID) (*service.User, error) {
	users, err := s.UsersByIDs(ctx, []uuid.UUID{uuid.Max, id})
	if err != nil {
		return nil, err
	}
	return users[1], nil
}

func rename(ctx context.Context, s *service.Service, id uuid.UUID) error {
	return first(s.UpdateUser(ctx, id, service.UserInput{FirstName: service.Some("Augusta")}, nil))
}

func reEmail(ctx context.Context, s *service.Service, u service.User) error {
	return first(s.UpdateUserEmail(ctx, u.ID, service.Some(u.Email), nil))
}

func rePassword(ctx context.Context, s *service.Service, id uuid.UUID) error {
	return first(s.SetUserPassword(ctx, id, service.Some(goodPassword), nil))
}

func replace(ctx context.Context, s *service.Service, u service.User) error {
	in := newUser(u.Email)
	in.IsActive = service.Some(true)
	return first(s.ReplaceUser(ctx, u.ID, in, nil))
}

func activate(ctx context.Context, s *service.Service, id uuid.UUID) error {
	return first(s.UpdateUser(ctx, id, service.UserInput{IsActive: service.Some(true)}, nil))
}

// verdict is what became of a call: done, or the error's code.
func verdict(err error) string {
	switch {
	case errors.Is(err, errNothing):
		return "nothing"
	case err == nil, service.CodeOf(err) == service.CodeVersionConflict, // the deletions go no further
		service.CodeOf(err) == service.CodeKeyNotFound, service.CodeOf(err) == service.CodeSessionNotFound,
		service.CodeOf(err) == service.CodeTokenInvalid:
		return "done"
	}
	return string(service.CodeOf(err))
}

// Each row is a kind of actor, with the operations that it may do, and those
// that it is told not to do; what is in neither list it finds nobody for.
func TestWhoMayDoWhat(t *testing.T) {
	shut := closed(t)
	var open *world // a new one for each row, as it is closed by the end
	public := []string{"ping", "public keys", "refresh", "sign out"}
	anybody := append([]string{"me"}, public...)
	reading := []string{"list", "count", "read *", "search *", "look up *", "sessions *"}
	writing := []string{"create", "create many", "rename *", "email *", "password *", "replace *", "activate *", "delete *", "end one *", "end all *"}
	changes := []string{"changes", "cursor", "follow", "history *"}
	operating := []string{"export", "import", "write a key", "keys", "revoke key", "rotate key", "go back"}
	verifying := []string{"verify", "sign in", "make a reset", "make a confirmation", "reset", "confirm"}
	everything := slices.Concat(anybody, reading, writing, changes, operating, verifying)
	own := []string{"read ada", "search ada", "look up ada", "rename ada", "email ada", "password ada", "sessions ada", "end one ada", "end all ada"}
	ownNot := []string{"replace ada", "activate ada", "delete ada"}
	notForUsers := slices.Concat([]string{"create", "create many", "list", "count"}, changes, operating, verifying)
	for _, tt := range []struct {
		name      string
		world     *world
		actor     func(ada service.User) service.Actor
		done      []string
		forbidden []string
		unknown   service.Code // what it gets for the rest; empty means USER_NOT_FOUND, and nothing in searches
	}{
		{name: "anybody, open", world: open, actor: fixed(service.Actor{}), done: everything},
		{name: "anonymous", world: shut, actor: fixed(service.Actor{}), done: public, unknown: service.CodeUnauthenticated},
		{name: "operator", world: shut, actor: fixed(service.OperatorActor("test")), done: everything},
		{name: "key for all", world: shut, actor: fixed(key(service.ScopeAdmin)), done: everything},
		{name: "key for nothing", world: shut, actor: fixed(key()), done: anybody, forbidden: notForUsers},
		{name: "key for reading", world: shut, actor: fixed(key(service.ScopeUsersRead)),
			done: slices.Concat(anybody, reading), forbidden: slices.Concat(writing, changes, operating, verifying)},
		{name: "key for writing", world: shut, actor: fixed(key(service.ScopeUsersWrite)),
			done: slices.Concat(anybody, writing), forbidden: slices.Concat([]string{"list", "count", "read *", "sessions *"}, changes, operating, verifying)},
		{name: "key for both", world: shut, actor: fixed(key(service.ScopeUsersRead, service.ScopeUsersWrite)),
			done: slices.Concat(anybody, reading, writing), forbidden: slices.Concat(changes, operating, verifying)},
		{name: "key for passwords", world: shut, actor: fixed(key(service.ScopeUsersVerify)),
			done: slices.Concat(anybody, verifying), forbidden: slices.Concat([]string{"create", "create many", "list", "count"}, changes, operating)},
		{name: "key for changes", world: shut, actor: fixed(key(service.ScopeChangesRead)),
			done: slices.Concat(anybody, changes), forbidden: slices.Concat([]string{"create", "create many", "list", "count"}, operating, verifying)},
		{name: "ada", world: shut, actor: userActor(), done: slices.Concat(anybody, own), forbidden: slices.Concat(ownNot, notForUsers)},
		{name: "ada, in an open service", world: open, actor: userActor(), done: slices.Concat(anybody, own), forbidden: slices.Concat(ownNot, notForUsers)},
		{name: "ada, for reading", world: shut, actor: userActor(service.ScopeUsersRead), done: slices.Concat(anybody, own, reading),
			forbidden: slices.Concat(ownNot, []string{"create", "create many", "rename bob", "email bob", "password bob", "replace bob", "activate bob", "delete bob", "end one bob", "end all bob"},
				changes, operating, verifying)},
		{name: "ada, in a session", world: shut, actor: shut.bearer(t, accessToken), done: slices.Concat(anybody, own), forbidden: slices.Concat(ownNot, notForUsers)},
		{name: "ada, with a refresh token", world: shut, actor: shut.bearer(t, refreshToken), done: anybody, forbidden: notForUsers},
		{name: "token of a program", world: shut, actor: fixed(service.TokenActor("billing", nil)), done: anybody, forbidden: notForUsers},
		{name: "token of somebody unknown", world: shut, actor: fixed(service.TokenActor(uuid.Max.String(), nil)), done: anybody, forbidden: notForUsers},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.world == open {
				tt.world = newWorld(t)
			}
			ada, bob := tt.world.pair(t)
			got, want := map[string]string{}, map[string]string{}
			all := calls(ada, bob)
			for _, name := range slices.Sorted(maps.Keys(all)) {
				got[name] = verdict(all[name](as(t, tt.actor(ada)), tt.world.Service))
				want[name] = expected(name, tt.done, tt.forbidden, tt.unknown)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func fixed(a service.Actor) func(service.User) service.Actor {
	return func(service.User) service.Actor { return a }
}

func userActor(scopes ...service.Scope) func(service.User) service.Actor {
	return func(u service.User) service.Actor { return service.TokenActor(u.ID.String(), scopes) }
}

// pair creates two users.
func (w *world) pair(t *testing.T) (ada, bob service.User) {
	t.Helper()
	for _, u := range []*service.User{&ada, &bob} {
		var err error
		if *u, err = w.CreateUser(root(t), newUser(uuid.NewString()+"@example.com")); err != nil {
			t.Fatal(err)
		}
	}
	return ada, bob
}

// expected is what an operation is to come to.
func expected(name string, done, forbidden []string, unknown service.Code) string {
	verb, about := name[:len(name)-min(3, len(name))], name[len(name)-min(3, len(name)):]
	in := func(list []string) bool {
		return slices.Contains(list, name) || (about == "ada" || about == "bob") && slices.Contains(list, verb+"*")
	}
	switch {
	case in(done):
		return "done"
	case in(forbidden):
		return string(service.CodeForbidden)
	case unknown != "":
		return string(unknown)
	case verb == "search " || verb == "look up ":
		return "nothing"
	}
	return string(service.CodeUserNotFound)
}

// TestEveryMethodAsksFirst: a method that is added asks the rule, too.
func TestEveryMethodAsksFirst(t *testing.T) {
	public := []string{"Ping", "Authenticate", "IsOpen", "Feeds", "PasswordSchemes", "PublicKeys"} // what health, transports and metrics need
	svc := reflect.ValueOf(closed(t).Service)
	asked := 0
	for i := range svc.NumMethod() {
		name, method := svc.Type().Method(i).Name, svc.Method(i)
		if method.Type().NumIn() == 0 || method.Type().In(0) != reflect.TypeFor[context.Context]() || slices.Contains(public, name) {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for n := 1; n < method.Type().NumIn(); n++ {
			args = append(args, reflect.Zero(method.Type().In(n)))
		}
		results := method.Call(args)
		last := results[len(results)-1].Interface()
		if users, ok := last.(iter.Seq2[service.Record, error]); ok {
			for _, last = range users {
				break
			}
		}
		if err, _ := last.(error); service.CodeOf(err) != service.CodeUnauthenticated {
			t.Errorf("%s answers somebody who has shown nothing with %v", name, err)
		}
		asked++
	}
	if asked < 15 {
		t.Errorf("only %d methods were asked", asked)
	}
}

func TestForbiddenNamesTheScope(t *testing.T) {
	w := closed(t)
	ada, _ := w.pair(t)
	for want, err := range map[service.Scope]error{
		service.ScopeUsersRead:   first(w.ListUsers(as(t, key()), service.ListInput{})),
		service.ScopeUsersWrite:  w.DeleteUser(as(t, key(service.ScopeUsersRead)), ada.ID, nil),
		service.ScopeUsersVerify: first(w.VerifyPassword(as(t, key()), login(ada.Email, goodPassword))),
		service.ScopeChangesRead: first(w.ChangeCursor(as(t, key()))),
		service.ScopeAdmin:       first(w.Import(as(t, key()), nil, service.ImportOptions{})),
	} {
		if e := wantError[*service.ForbiddenError](t, err, service.CodeForbidden); e.Scope != want || e.Error() != "this needs the scope "+string(want) {
			t.Errorf("%v, want %s", e, want)
		}
	}
}

func TestRefusedChangesChangeNothing(t *testing.T) {
	w := closed(t)
	ada, bob := w.pair(t)
	before, _ := w.ChangeCursor(root(t))
	for name, call := range calls(ada, bob) {
		for _, a := range []service.Actor{{}, key(), key(service.ScopeChangesRead), service.TokenActor(uuid.Max.String(), nil)} {
			_ = call(as(t, a), w.Service)
		}
		if after, err := w.ChangeCursor(root(t)); after != before || err != nil {
			t.Errorf("%s changed something, %v", name, err)
		}
	}
}

// An inactive user's token is of no use, nor is one whose check fails.
func TestActorsLoseTheirWorth(t *testing.T) {
	w := closed(t)
	ada, _ := w.pair(t)
	self := service.TokenActor(ada.ID.String(), []service.Scope{service.ScopeUsersRead})
	if _, err := w.ListUsers(as(t, self), service.ListInput{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.UpdateUser(root(t), ada.ID, service.UserInput{IsActive: service.Some(false)}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := w.ListUsers(as(t, self), service.ListInput{})
	if e := wantError[*service.UnauthenticatedError](t, err, service.CodeUnauthenticated); !e.Invalid {
		t.Error(e)
	}
	revoked := key(service.ScopeAdmin).While(func(context.Context) error { return &service.UnauthenticatedError{Invalid: true} })
	_, err = w.ListUsers(as(t, revoked), service.ListInput{})
	wantError[*service.UnauthenticatedError](t, err, service.CodeUnauthenticated)
}

func TestAFeedEndsWithItsActor(t *testing.T) {
	w := closed(t)
	var gone error
	ctx := as(t, key(service.ScopeChangesRead).While(func(context.Context) error { return gone }))
	feed, err := w.FollowChanges(ctx, service.ChangesInput{})
	if err != nil {
		t.Fatal(err)
	}
	w.pair(t)
	if items, err := feed.Next(ctx); err != nil || len(items) != 2 {
		t.Fatalf("%v %v", items, err)
	}
	gone = &service.UnauthenticatedError{Invalid: true}
	w.pair(t)
	_, err = feed.Next(ctx)
	wantError[*service.UnauthenticatedError](t, err, service.CodeUnauthenticated)
}

func TestTheLogNamesActors(t *testing.T) {
	w := closed(t)
	ada, _ := w.pair(t)
	all := []service.Scope{service.ScopeAdmin}
	for _, tt := range []struct {
		actor service.Actor
		want  string
	}{
		{service.KeyActor("app", all), "key:app"},
		{service.TokenActor(ada.ID.String(), all), "user:" + ada.ID.String()},
		{service.TokenActor("billing", all), "token:billing"},
		{service.TokenActor(uuid.Nil.String(), all), "token:" + uuid.Nil.String()},
		{service.OperatorActor("userd import"), "userd import"},
	} {
		ctx := service.WithActor(service.WithOrigin(t.Context(), service.Origin{RequestID: "r"}), tt.actor)
		cursor, err := w.ChangeCursor(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.CreateUser(ctx, newUser(uuid.NewString()+"@example.com")); err != nil {
			t.Fatal(err)
		}
		page, err := w.Changes(ctx, service.ChangesInput{After: &cursor})
		if err != nil || len(page.Items) != 1 || page.Items[0].Change.Origin != (service.Origin{Actor: tt.want, RequestID: "r"}) {
			t.Errorf("%s: %+v %v", tt.want, page, err)
		}
	}
	if a := service.ActorOf(t.Context()); a.String() != "anonymous" {
		t.Errorf("nobody is called %s", a)
	}
}

func TestKnownScopes(t *testing.T) {
	got := service.KnownScopes([]string{"openid", "admin", "users:read", "users:read", ""})
	if want := []service.Scope{service.ScopeUsersRead, service.ScopeAdmin}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestStillServed: a connection goes on as long as who opened it may do anything,
// and while nobody can tell.
func TestStillServed(t *testing.T) {
	unavailable := &service.UnavailableError{Reason: "Away."}
	invalid := &service.UnauthenticatedError{Invalid: true}
	for name, c := range map[string]struct{ found, want error }{
		"still good":    {nil, nil},
		"revoked":       {invalid, invalid},
		"nobody knows":  {unavailable, nil},
		"another error": {errors.New("broken"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			actor := service.KeyActor("app", nil).While(func(context.Context) error { return c.found })
			if err := closed(t).StillServed(as(t, actor)); err != c.want {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}
