package rest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/userd/userd/service"
)

func TestIdempotencyKey(t *testing.T) {
	s := serve(t)
	first := s.send("POST", "/users", john, header{"Idempotency-Key": `"one \"key\""`}).is(201).has("Idempotency-Replayed", "")
	u := first.user()
	s.patch("/users/"+u.ID, `{"last_name":"Roe"}`).is(200)
	for _, spelling := range []string{`"one \"key\""`, `one "key"`} {
		again := s.send("POST", "/users", strings.Replace(john, ",", " , ", 1), header{"Idempotency-Key": spelling}).is(201).
			has("Idempotency-Replayed", "true").has("Location", "/users/"+u.ID).has("ETag", `"1"`)
		if again.body != first.body {
			t.Errorf("%s: %s, want %s", spelling, again.body, first.body)
		}
	}
	s.unchanged(func() {
		s.send("POST", "/users", newUser("jane@example.com", "Jane", "Roe"), header{"Idempotency-Key": `one "key"`}).
			problem(422, service.CodeIdempotencyKeyReused)
	})
}

func TestIdempotencyKeyInUse(t *testing.T) {
	store := &faultyStore{Store: newStore(t), err: &service.OutcomeUnknownError{}}
	s := serveStore(t, store, Config{})
	s.send("POST", "/users", john, header{"Idempotency-Key": "a"}).problem(504, service.CodeOutcomeUnknown)
	p := s.send("POST", "/users", john, header{"Idempotency-Key": "a"}).has("Retry-After", "1")
	p.problem(409, service.CodeIdempotencyKeyInUse)
}

func TestIllFormedIdempotencyKeys(t *testing.T) {
	s := serve(t)
	s.unchanged(func() {
		for _, key := range []string{`""`, strings.Repeat("k", 256), "schlüssel", "a\tb"} {
			s.send("POST", "/users", john, header{"Idempotency-Key": key}).refuses(400, "Idempotency-Key INVALID")
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/users", strings.NewReader(john))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {"a", "b"}}
		s.exchange(r, john).refuses(400, "Idempotency-Key INVALID")
	})
}

// What is no string of RFC 9651 is a key as it stands.
func TestUnquoted(t *testing.T) {
	for value, want := range map[string]string{
		`"a b"`: "a b", `a`: `a`, `"a`: `"a`, `a"`: `a"`, `"`: `"`, `"a"b"`: `"a"b"`, `"a\"`: `"a\"`, `"a\b"`: `"a\b"`, `"a\\\""`: `a\"`,
	} {
		if got := unquoted(value); got != want {
			t.Errorf("%s stands for %s, want %s", value, got, want)
		}
	}
}
