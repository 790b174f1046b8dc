package rest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// When an address was verified is shown wherever a user is, until another
// address comes; the change log tells both.
func TestVerificationsAreShown(t *testing.T) {
	const at, text = 1_770_000_000_120_000, "2026-02-02T02:40:00.120000Z"
	store := newStore(t)
	s := serveStore(t, store, Config{})
	u := s.create(john)
	if u.EmailVerifiedAt != nil {
		t.Errorf("a new user's address is verified: %s", *u.EmailVerifiedAt)
	}
	verification := service.Update{At: time.UnixMicro(at).UTC(), EmailVerifiedAt: new(time.UnixMicro(at).UTC())}
	if _, err := store.UpdateUser(t.Context(), uuid.MustParse(u.ID), verification); err != nil {
		t.Fatal(err)
	}
	path := "/users/" + u.ID
	for name, got := range map[string]testUser{
		"the user": s.get(path).is(200).user(), "the list": s.get("/users").is(200).users()[0],
		"an update": s.patch(path, `{"email":"JOHN.DOE@example.com"}`).is(200).user(),
	} {
		if got.EmailVerifiedAt == nil || *got.EmailVerifiedAt != text {
			t.Errorf("%s shows %+v", name, got)
		}
	}
	if got := s.put(path+"/email", `{"email":"new@example.com"}`).is(200).user(); got.EmailVerifiedAt != nil {
		t.Errorf("another address is verified: %s", *got.EmailVerifiedAt)
	}
	want := []string{
		"email_verified email_verified_at=->" + text,
		"email_changed email=john.doe@example.com>JOHN.DOE@example.com",
		"email_changed email=JOHN.DOE@example.com>new@example.com email_verified_at=" + text + ">-",
	}
	if diff := cmp.Diff(want, lines(s.get("/changes").changes())[1:]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// No body takes it: whoever could set it could skip the proof.
func TestVerificationsCannotBeSet(t *testing.T) {
	eachBodyRoute(t, func(s *server, method, path, good string) {
		for _, value := range []string{`"2026-02-02T02:40:00Z"`, `null`} {
			p := s.send(method, path, good[:len(good)-1]+`,"email_verified_at":`+value+`}`, nil)
			if got := p.refuses(422, "email_verified_at UNKNOWN_FIELD").Errors[0].Message; got != "This field cannot be set." {
				t.Errorf("the message is %q", got)
			}
		}
	})
	s := serve(t)
	s.unchanged(func() {
		s.post("/users:batch", users(member("ada@example.com", `,"email_verified_at":null`))).refuses(422, "users[0].email_verified_at UNKNOWN_FIELD")
	})
}
