package service_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// Whatever can be imported is counted by a name.
func TestUsersAreCountedByPasswordScheme(t *testing.T) {
	w := newWorld(t)
	w.create(t, "ada@example.com")
	for i, hash := range append(service.HashPrefixes(), "") {
		r := service.Record{User: service.User{ID: uuid.New()}, Keys: service.Keys{Email: strconv.Itoa(i)}, PasswordHash: hash}
		if err := w.store.CreateUser(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.PasswordSchemes(t.Context())
	want := map[string]int{"argon2id": 2, "argon2i": 1, "argon2": 1, "bcrypt": 5, "scrypt": 2, "pbkdf2": 6, service.NoPassword: 1}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := service.New(&storeThatFails{schemes: true}, service.Config{}).PasswordSchemes(t.Context()); err == nil {
		t.Error("a store that fails is not noticed")
	}
}
