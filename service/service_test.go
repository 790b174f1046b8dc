package service_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

const goodPassword = "correct horse battery staple"

// cheap makes hashing cost next to nothing.
var cheap = service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1}

// world is a service on a store of its own, with a clock that stands still
// until it is told to go on.
type world struct {
	*service.Service
	store *memory.Store
	now   time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, service.Config{Argon2: cheap})
}

func newWorldWith(t *testing.T, c service.Config) *world {
	t.Helper()
	w := &world{store: memory.New(), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	if c.Now == nil {
		c.Now = func() time.Time { return w.now }
	}
	w.Service = service.New(w.store, c)
	return w
}

// newUser is an input that creates a user with this address.
func newUser(email string) service.UserInput {
	return service.UserInput{
		Email:     service.Some(email),
		FirstName: service.Some("Ada"),
		LastName:  service.Some("Lovelace"),
		Password:  service.Some(goodPassword),
	}
}

func (w *world) create(t *testing.T, email string) service.User {
	t.Helper()
	u, err := w.CreateUser(t.Context(), newUser(email))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (w *world) passwordHash(t *testing.T, id uuid.UUID) string {
	t.Helper()
	hash, err := w.store.PasswordHash(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// wantStored holds what the service reads to want.
func (w *world) wantStored(t *testing.T, want service.User) {
	t.Helper()
	got, err := w.User(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the stored user (-want +got):\n%s", diff)
	}
}

type mistakes = map[service.Field]service.FieldCode

// wantMistakes holds err to an InvalidInputError with exactly these fields.
func wantMistakes(t *testing.T, err error, want mistakes) {
	t.Helper()
	got := mistakes{}
	var invalid *service.InvalidInputError
	if errors.As(err, &invalid) {
		for _, f := range invalid.Fields {
			if got[f.Field] != "" {
				t.Errorf("two mistakes are reported for %s", f.Field)
			}
			if f.Message == "" || !strings.HasSuffix(f.Message, ".") {
				t.Errorf("the message for %s is no sentence: %q", f.Field, f.Message)
			}
			got[f.Field] = f.Code
		}
	} else if err != nil {
		t.Fatalf("the error is %v, want an InvalidInputError", err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

// wantError holds err to the code and, as errors.As sees it, the type E.
func wantError[E error](t *testing.T, err error, code service.Code) E {
	t.Helper()
	var typed E
	if !errors.As(err, &typed) || service.CodeOf(err) != code {
		t.Errorf("the error is %v (%s), want a %T", err, service.CodeOf(err), typed)
	}
	return typed
}

// errHungUp is why cancelled contexts are.
var errHungUp = errors.New("the caller hung up")

func cancelled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errHungUp)
	return ctx
}

func TestPing(t *testing.T) {
	w := newWorld(t)
	if err := w.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := w.Ping(cancelled(t)); !errors.Is(err, errHungUp) {
		t.Errorf("the error is %v, want the context's cause", err)
	}
}

func TestParseID(t *testing.T) {
	const canonical = "0198c0de-0000-7000-8000-0123456789ab"
	if id, err := service.ParseID(canonical); err != nil || id != someID {
		t.Errorf("ParseID(%q) = %v, %v", canonical, id, err)
	}
	for name, s := range map[string]string{
		"empty":            "",
		"a word":           "ada",
		"a number":         "42",
		"upper case":       strings.ToUpper(canonical),
		"braces":           "{" + canonical + "}",
		"URN":              "urn:uuid:" + canonical,
		"no hyphens":       strings.ReplaceAll(canonical, "-", ""),
		"too short":        canonical[:35],
		"too long":         canonical + "0",
		"space around":     " " + canonical,
		"line feed behind": canonical + "\n",
		"no hexadecimal":   "g" + canonical[1:],
		"shifted hyphens":  "0198c0de0-000-7000-8000-0123456789ab",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := service.ParseID(s)
			wantMistakes(t, err, mistakes{service.FieldID: service.FieldInvalid})
		})
	}
}
