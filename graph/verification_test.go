package graph_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// When an address was verified is shown wherever a user is, until another
// address comes; the history tells both.
func TestVerificationsAreShown(t *testing.T) {
	const at, text = 1_770_000_000_120_000, "2026-02-02T02:40:00.120000Z"
	f := newFixture(t)
	f.create(ada())
	verification := service.Update{At: time.UnixMicro(at).UTC(), EmailVerifiedAt: new(time.UnixMicro(at).UTC())}
	if _, err := f.calls.UpdateUser(t.Context(), uuid.MustParse(id(1)), verification); err != nil {
		t.Fatal(err)
	}
	f.post(`query ($id: ID!, $user: [_Any!]!) {
		user(id: $id) { emailVerifiedAt }
		users { nodes { emailVerifiedAt } }
		usersByIds(ids: [$id]) { emailVerifiedAt }
		_entities(representations: $user) { ... on User { emailVerifiedAt } } }`,
		vars{"id": id(1), "user": []vars{{"__typename": "User", "id": id(1)}}}).
		is(t, `{"data": {"user": {"emailVerifiedAt": "`+text+`"}, "users": {"nodes": [{"emailVerifiedAt": "`+text+`"}]},
			"usersByIds": [{"emailVerifiedAt": "`+text+`"}], "_entities": [{"emailVerifiedAt": "`+text+`"}]}}`)
	const changeEmail = `mutation ($id: ID!, $email: EmailAddress!) {
		updateUserEmail(input: {id: $id, email: $email}) { user { emailVerifiedAt } errors { code } } }`
	f.post(changeEmail, vars{"id": id(1), "email": "ADA@example.com"}).
		is(t, `{"data": {"updateUserEmail": {"user": {"emailVerifiedAt": "`+text+`"}, "errors": []}}}`)
	f.post(changeEmail, vars{"id": id(1), "email": "new@example.com"}).
		is(t, `{"data": {"updateUserEmail": {"user": {"emailVerifiedAt": null}, "errors": []}}}`)
	want := []string{
		"EMAIL_VERIFIED emailVerifiedAt=->" + text,
		"EMAIL_CHANGED email=Ada@example.com>ADA@example.com",
		"EMAIL_CHANGED email=ADA@example.com>new@example.com emailVerifiedAt=" + text + ">-",
	}
	a := f.post(`query ($id: ID!) { user(id: $id) { history { nodes { `+changeFields+` } } } }`, vars{"id": id(1)})
	if diff := cmp.Diff(want, lines(t, a.path(t, "data", "user", "history", "nodes"))[1:]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// No input takes it: whoever could set it could skip the proof.
func TestVerificationsCannotBeSet(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	inputs := map[string]vars{"createUser": ada().with(vars{"email": "bob@example.com"})}
	for _, c := range changes() {
		inputs[c.name] = c.input.with(vars{"id": id(1)})
	}
	for mutation, input := range inputs {
		for _, value := range []any{"2026-02-02T02:40:00Z", nil} {
			if a := f.run(mutation, input.with(vars{"emailVerifiedAt": value})); a.code(t) != "GRAPHQL_VALIDATION_FAILED" {
				t.Errorf("%s takes %v: %s", mutation, value, a.body)
			}
		}
	}
	a := f.post(createUsers, vars{"input": vars{"users": []vars{member("bob@example.com").with(vars{"emailVerifiedAt": nil})}}})
	if a.code(t) != "GRAPHQL_VALIDATION_FAILED" {
		t.Errorf("createUsers: %s", a.body)
	}
	f.post(`{ users { nodes { email version } } }`, nil).
		is(t, `{"data": {"users": {"nodes": [{"email": "Ada@example.com", "version": 1}]}}}`)
}
