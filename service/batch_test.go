package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// item is a user of a batch who comes without a password.
func item(email string) service.BatchItem {
	in := newUser(email)
	in.Password = service.Optional[string]{}
	return service.BatchItem{UserInput: in}
}

func withPassword(i service.BatchItem, password string) service.BatchItem {
	i.Password = service.Some(password)
	return i
}

// batch creates users and returns the results in words, and checks that those
// and no others are there.
func (w *world) batch(t *testing.T, policy service.BatchPolicy, items ...service.BatchItem) string {
	t.Helper()
	before := len(w.records(t))
	results, err := w.CreateUsers(t.Context(), items, policy)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	created := 0
	for _, r := range results {
		switch {
		case r.User != nil && r.Err == nil:
			created++
			if got, err := w.User(t.Context(), r.User.ID); err != nil || got != *r.User {
				t.Errorf("the user is %+v, %v, want %+v", got, err, r.User)
			}
			words = append(words, r.User.Email)
		case r.User == nil && r.Err != nil:
			words = append(words, string(service.CodeOf(r.Err)))
		case r.User == nil:
			words = append(words, "-")
		default:
			t.Errorf("a user and an error: %+v", r)
		}
	}
	if got := len(w.records(t)) - before; got != created {
		t.Errorf("%d users are new, %d are said to be", got, created)
	}
	return strings.Join(words, " ")
}

func TestBatches(t *testing.T) {
	wrong := item("ada")
	mistaken := item("m@x.org")
	mistaken.Mistakes = []service.FieldError{{Field: "nickname", Code: service.FieldUnknown, Message: "There is no such field."}}
	for _, c := range []struct {
		name      string
		items     []service.BatchItem
		each, all string
	}{
		{"none", nil, "", ""},
		{"good ones", []service.BatchItem{item("a@x.org"), item("b@x.org")}, "a@x.org b@x.org", "a@x.org b@x.org"},
		{"with a password", []service.BatchItem{withPassword(item("a@x.org"), "difference engine"), item("b@x.org")}, "a@x.org b@x.org", "a@x.org b@x.org"},
		{"one is wrong", []service.BatchItem{item("a@x.org"), wrong, item("b@x.org")}, "a@x.org INVALID_INPUT b@x.org", "- INVALID_INPUT -"},
		{"one has a mistake already", []service.BatchItem{mistaken, item("a@x.org")}, "INVALID_INPUT a@x.org", "INVALID_INPUT -"},
		{"one is there", []service.BatchItem{item("a@x.org"), item("THERE@x.org")}, "a@x.org EMAIL_TAKEN", "- EMAIL_TAKEN"},
		{"two are the same", []service.BatchItem{item("a@x.org"), item("A@x.org")}, "a@x.org EMAIL_TAKEN", "- EMAIL_TAKEN"},
		{"all is told at once", []service.BatchItem{wrong, item("there@x.org"), item("a@x.org")}, "INVALID_INPUT EMAIL_TAKEN a@x.org", "INVALID_INPUT EMAIL_TAKEN -"},
		{"one is there, one has a password", []service.BatchItem{withPassword(item("a@x.org"), "difference engine"), item("there@x.org")}, "a@x.org EMAIL_TAKEN", "- EMAIL_TAKEN"},
		{"one has a bad password", []service.BatchItem{withPassword(item("a@x.org"), "short"), item("b@x.org")}, "INVALID_INPUT b@x.org", "INVALID_INPUT -"},
	} {
		for policy, want := range map[service.BatchPolicy]string{service.BatchEach: c.each, service.BatchAllOrNothing: c.all} {
			t.Run(c.name+", "+string(policy), func(t *testing.T) {
				w := newWorld(t)
				w.batch(t, policy, item("there@x.org"))
				if got := w.batch(t, policy, c.items...); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

func TestPasswordsOfABatchLetIn(t *testing.T) {
	w := newWorld(t)
	w.batch(t, service.BatchAllOrNothing, withPassword(item("a@x.org"), "difference engine"), item("b@x.org"))
	if _, err := w.VerifyPassword(t.Context(), login("a@x.org", "difference engine")); err != nil {
		t.Error(err)
	}
	_, err := w.VerifyPassword(t.Context(), login("b@x.org", "guess"))
	wantError[*service.InvalidCredentialsError](t, err, service.CodeInvalidCredentials)
}

func TestBatchesAreBounded(t *testing.T) {
	w := newWorld(t)
	many := make([]service.BatchItem, service.MaxBatch+1)
	for i := range many {
		many[i] = item(fmt.Sprintf("u%d@x.org", i))
	}
	refused := func(items []service.BatchItem) {
		t.Helper()
		_, err := w.CreateUsers(t.Context(), items, service.BatchEach)
		e := wantError[*service.InvalidInputError](t, err, service.CodeInvalidInput)
		if len(e.Fields) != 1 || e.Fields[0].Field != service.FieldUsers || e.Fields[0].Code != service.FieldTooLong {
			t.Errorf("the mistakes are %+v", e.Fields)
		}
	}
	refused(many)
	w.batch(t, service.BatchAllOrNothing, many[:service.MaxBatch]...)

	costly := make([]service.BatchItem, service.MaxBatchPasswords+1)
	for i := range costly {
		costly[i] = withPassword(item(fmt.Sprintf("p%d@x.org", i)), "difference engine")
	}
	refused(costly)
	w.batch(t, service.BatchEach, costly[:service.MaxBatchPasswords]...)
}

func TestBatchesThatFail(t *testing.T) {
	w := newWorld(t)
	boom := errors.New("boom")
	svc := service.New(w.store, service.Config{NewID: func() (uuid.UUID, error) { return uuid.Nil, boom }})
	if _, err := svc.CreateUsers(t.Context(), []service.BatchItem{item("a@x.org")}, service.BatchEach); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	svc = service.New(brokenImports{w.store}, service.Config{})
	if _, err := svc.CreateUsers(t.Context(), []service.BatchItem{item("a@x.org")}, service.BatchEach); service.CodeOf(err) != service.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	if n := len(w.records(t)); n != 0 {
		t.Errorf("there are %d users", n)
	}
}

// brokenImports is a store that takes no users.
type brokenImports struct{ service.Store }

func (brokenImports) ImportUsers(context.Context, []service.ImportRow, service.ImportOptions) ([]service.ImportResult, error) {
	return nil, &service.UnavailableError{}
}
