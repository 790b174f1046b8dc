package graph_test

import (
	"fmt"
	"strings"
	"testing"
)

// change is a mutation of an existing user, with what it takes.
type change struct {
	name  string
	input vars // the least that it takes, without id
}

func changes() []change {
	return []change{
		{"updateUser", vars{}},
		{"updateUserEmail", vars{"email": "new@example.com"}},
		{"setUserPassword", vars{"password": "analytical engine"}},
		{"deleteUser", vars{}},
	}
}

// run sends a mutation by name with its input in a variable.
func (f *fixture) run(name string, input vars) answer {
	f.t.Helper()
	result := "user { id email firstName lastName isActive version }"
	if name == "deleteUser" {
		result = "deletedUserId"
	}
	return f.post(fmt.Sprintf(`mutation ($input: %s%sInput!) { %s(input: $input) { %s errors { code field message } } }`,
		strings.ToUpper(name[:1]), name[1:], name, result), vars{"input": input})
}

// mistakes are an answer's user errors as "field CODE".
func (a answer) mistakes(t *testing.T, mutation string) string {
	t.Helper()
	list, ok := a.path(t, "data", mutation, "errors").([]any)
	if !ok {
		t.Fatal(a.body)
	}
	var out []string
	for _, e := range list {
		e := e.(map[string]any)
		if e["message"] == "" {
			t.Errorf("no message in %s", a.body)
		}
		out = append(out, fmt.Sprint(e["field"], " ", e["code"]))
	}
	return strings.Join(out, ", ")
}

func TestCreateUser(t *testing.T) {
	newFixture(t).post(createUser, vars{"input": ada()}).is(t, `{"data": {"createUser": {
		"user": {"id": "`+id(1)+`", "email": "Ada@example.com", "emailVerifiedAt": null, "firstName": "Ada", "lastName": "Lovelace", "isActive": true,
			"version": 1, "createdAt": "2026-01-31T12:00:01.000000Z", "updatedAt": "2026-01-31T12:00:01.000000Z"},
		"errors": []}}}`)
}

func TestCreateUserOnce(t *testing.T) {
	f := newFixture(t)
	once := ada()
	once["idempotencyKey"] = "a"
	first := f.run("createUser", once)
	f.run("updateUser", vars{"id": id(1), "lastName": "King"})
	if again := f.run("createUser", once); again.body != first.body {
		t.Errorf("%s, want %s", again.body, first.body)
	}
	for key, want := range map[any]string{
		"a": "idempotencyKey IDEMPOTENCY_KEY_REUSED",
		"":  "idempotencyKey REQUIRED",
		nil: "idempotencyKey REQUIRED",
	} {
		other := ada()
		other["email"], other["idempotencyKey"] = "king@example.com", key
		if got := f.run("createUser", other).mistakes(t, "createUser"); got != want {
			t.Errorf("the key %v: %q, want %q", key, got, want)
		}
	}
}

func TestCreateUserRefuses(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	for _, c := range []struct {
		name  string
		input vars
		want  string
	}{
		{"a taken address", vars{"email": "ada@EXAMPLE.COM"}, "email EMAIL_TAKEN"},
		{"no address", vars{"email": "ada@example"}, "email INVALID"},
		{"an empty address", vars{"email": ""}, "email REQUIRED"},
		{"a blank name", vars{"firstName": " "}, "firstName REQUIRED"},
		{"a long name", vars{"lastName": strings.Repeat("x", 101)}, "lastName TOO_LONG"},
		{"a control character", vars{"lastName": "a\x00b"}, "lastName FORBIDDEN_CHARACTER"},
		{"a short password", vars{"password": "short"}, "password TOO_SHORT"},
		{"a common password", vars{"password": "password123"}, "password PASSWORD_TOO_COMMON"},
		{"the name as password", vars{"email": "eve@example.com", "password": "Ada Lovelace"}, "password PASSWORD_IS_PERSONAL"},
		{"neither active nor not", vars{"isActive": nil}, "isActive REQUIRED"},
		{"everything at once", vars{"email": "x", "firstName": "", "lastName": "", "password": "x", "isActive": nil},
			"email INVALID, firstName REQUIRED, lastName REQUIRED, password TOO_SHORT, isActive REQUIRED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := f.post(createUser, vars{"input": ada().with(c.input)})
			if got := a.mistakes(t, "createUser"); got != c.want || a.path(t, "data", "createUser", "user") != nil || a.path(t, "errors") != nil {
				t.Errorf("got %s in %s", got, a.body)
			}
		})
	}
	if p := f.list(t, nil); p.total != 1 {
		t.Errorf("%v users", p.total)
	}
}

func TestUserErrorsSpeakToPeople(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	for mutation, c := range map[string]struct {
		input vars
		want  string
	}{
		"createUser":      {ada(), `{"code": "EMAIL_TAKEN", "field": "email", "message": "Another user has this e-mail address."}`},
		"updateUser":      {vars{"id": id(1), "expectedVersion": 7}, `{"code": "VERSION_CONFLICT", "field": "expectedVersion", "message": "The user has changed and is at version 1 now; read it again."}`},
		"updateUserEmail": {vars{"id": id(9), "email": "x@example.com"}, `{"code": "USER_NOT_FOUND", "field": "id", "message": "No user has this id."}`},
		"setUserPassword": {vars{"id": id(1), "password": "x"}, `{"code": "TOO_SHORT", "field": "password", "message": "A password has at least 8 characters."}`},
	} {
		f.run(mutation, c.input).is(t, `{"data": {"`+mutation+`": {"user": null, "errors": [`+c.want+`]}}}`)
	}
}

func TestUpdateUserChangesOnlyWhatIsGiven(t *testing.T) {
	for _, c := range []struct {
		name  string
		input vars
		want  string
	}{
		{"nothing", vars{}, `"email": "Ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "isActive": true, "version": 1`},
		{"the address", vars{"email": "a@example.com"}, `"email": "a@example.com", "firstName": "Ada", "lastName": "Lovelace", "isActive": true, "version": 2`},
		{"the first name", vars{"firstName": " Augusta "}, `"email": "Ada@example.com", "firstName": "Augusta", "lastName": "Lovelace", "isActive": true, "version": 2`},
		{"the last name", vars{"lastName": "King"}, `"email": "Ada@example.com", "firstName": "Ada", "lastName": "King", "isActive": true, "version": 2`},
		{"the flag", vars{"isActive": false}, `"email": "Ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "isActive": false, "version": 2`},
		{"the password", vars{"password": "analytical engine"}, `"email": "Ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "isActive": true, "version": 2`},
		{"all of it", vars{"email": "a@example.com", "firstName": "Augusta", "lastName": "King", "isActive": false, "password": "analytical engine", "expectedVersion": 1},
			`"email": "a@example.com", "firstName": "Augusta", "lastName": "King", "isActive": false, "version": 2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			f.create(ada())
			f.run("updateUser", c.input.with(vars{"id": id(1)})).
				is(t, `{"data": {"updateUser": {"errors": [], "user": {"id": "`+id(1)+`", `+c.want+`}}}}`)
		})
	}
}

// TestAbsentVariablesAreAbsentFields: a client may write all fields into its
// document and give only some of the variables.
func TestAbsentVariablesAreAbsentFields(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	const query = `mutation ($id: ID!, $first: String, $last: String, $version: Int) {
		updateUser(input: {id: $id, firstName: $first, lastName: $last, expectedVersion: $version}) { user { firstName lastName } errors { field code } } }`
	f.post(query, vars{"id": id(1), "last": "King"}).
		is(t, `{"data": {"updateUser": {"user": {"firstName": "Ada", "lastName": "King"}, "errors": []}}}`)
	f.post(query, vars{"id": id(1), "first": nil}).
		is(t, `{"data": {"updateUser": {"user": null, "errors": [{"field": "firstName", "code": "REQUIRED"}]}}}`)
}

// TestNull: null is no value of any field that can be left out, and breaks the
// type of every other.
func TestNull(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	required := map[string][]string{
		"createUser":      {"email", "firstName", "lastName", "password"},
		"updateUser":      {"id"},
		"updateUserEmail": {"id", "email"},
		"setUserPassword": {"id", "password"},
		"deleteUser":      {"id"},
	}
	optional := map[string][]string{
		"createUser":      {"isActive"},
		"updateUser":      {"email", "firstName", "lastName", "password", "isActive", "expectedVersion"},
		"updateUserEmail": {"expectedVersion"},
		"setUserPassword": {"expectedVersion"},
		"deleteUser":      {"expectedVersion"},
	}
	least := map[string]vars{"createUser": ada()}
	for _, c := range changes() {
		least[c.name] = c.input.with(vars{"id": id(1)})
	}
	for mutation, fields := range required {
		for _, field := range fields {
			t.Run(mutation+" "+field, func(t *testing.T) {
				for name, in := range map[string]vars{"null": least[mutation].with(vars{field: nil}), "absent": without(least[mutation], field)} {
					if a := f.run(mutation, in); a.code(t) != "GRAPHQL_VALIDATION_FAILED" || strings.Contains(a.body, `"data"`) {
						t.Errorf("%s: %s", name, a.body)
					}
				}
			})
		}
	}
	for mutation, fields := range optional {
		for _, field := range fields {
			t.Run(mutation+" "+field, func(t *testing.T) {
				a := f.run(mutation, least[mutation].with(vars{field: nil}))
				if got := a.mistakes(t, mutation); got != field+" REQUIRED" {
					t.Errorf("got %s in %s", got, a.body)
				}
			})
		}
	}
	f.post(`{ users { nodes { email version } } }`, nil).
		is(t, `{"data": {"users": {"nodes": [{"email": "Ada@example.com", "version": 1}]}}}`)
}

func without(v vars, field string) vars {
	out := v.with(nil)
	delete(out, field)
	return out
}

func TestUpdateUserEmail(t *testing.T) {
	f := newFixture(t)
	f.create(ada(), vars{"email": "bob@example.com"})
	f.run("updateUserEmail", vars{"id": id(1), "email": "ada@example.org"}).is(t, `{"data": {"updateUserEmail": {"errors": [], "user": {
		"id": "`+id(1)+`", "email": "ada@example.org", "firstName": "Ada", "lastName": "Lovelace", "isActive": true, "version": 2}}}}`)
	for name, c := range map[string]struct{ email, want string }{
		"taken":      {"BOB@example.com", "email EMAIL_TAKEN"},
		"no address": {"bob", "email INVALID"},
	} {
		if got := f.run("updateUserEmail", vars{"id": id(1), "email": c.email}).mistakes(t, "updateUserEmail"); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestSetUserPassword(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	f.run("setUserPassword", vars{"id": id(1), "password": "analytical engine"}).is(t, `{"data": {"setUserPassword": {"errors": [], "user": {
		"id": "`+id(1)+`", "email": "Ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "isActive": true, "version": 2}}}}`)
	for password, want := range map[string]string{"x": "password TOO_SHORT", "Ada Lovelace": "password PASSWORD_IS_PERSONAL"} {
		if got := f.run("setUserPassword", vars{"id": id(1), "password": password}).mistakes(t, "setUserPassword"); got != want {
			t.Errorf("%s: %s", password, got)
		}
	}
}

func TestDeleteUser(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	f.run("deleteUser", vars{"id": id(1)}).is(t, `{"data": {"deleteUser": {"deletedUserId": "`+id(1)+`", "errors": []}}}`)
	f.run("deleteUser", vars{"id": id(1)}).is(t, `{"data": {"deleteUser": {"deletedUserId": null,
		"errors": [{"code": "USER_NOT_FOUND", "field": "id", "message": "No user has this id."}]}}}`)
	f.create(ada()) // the address is free again
}

// TestChanges holds for every mutation of an existing user.
func TestChanges(t *testing.T) {
	for _, c := range changes() {
		for _, x := range []struct {
			name  string
			input vars
			want  string
		}{
			{"no id", vars{"id": "ada"}, "id INVALID"},
			{"an id as a number", vars{"id": 1}, "id INVALID"},
			{"nobody", vars{"id": id(9)}, "id USER_NOT_FOUND"},
			{"nobody at any version", vars{"id": id(9), "expectedVersion": 1}, "id USER_NOT_FOUND"},
			{"a stale version", vars{"id": id(1), "expectedVersion": 2}, "expectedVersion VERSION_CONFLICT"},
			{"a version that cannot be", vars{"id": id(1), "expectedVersion": -1}, "expectedVersion VERSION_CONFLICT"},
			{"no id and no version", vars{"id": "ada", "expectedVersion": nil}, "id INVALID, expectedVersion REQUIRED"},
			{"the right version", vars{"id": id(1), "expectedVersion": 1}, ""},
		} {
			t.Run(c.name+": "+x.name, func(t *testing.T) {
				f := newFixture(t)
				f.create(ada())
				a := f.run(c.name, c.input.with(x.input))
				if got := a.mistakes(t, c.name); got != x.want {
					t.Errorf("got %s in %s", got, a.body)
				}
			})
		}
	}
}

func TestWrongIDsAreToldWithTheOtherMistakes(t *testing.T) {
	f := newFixture(t)
	for mutation, c := range map[string]struct {
		input vars
		want  string
	}{
		"updateUser":      {vars{"id": "x", "email": "x", "firstName": nil, "password": "x"}, "id INVALID, email INVALID, firstName REQUIRED, password TOO_SHORT"},
		"updateUserEmail": {vars{"id": "x", "email": "x"}, "id INVALID, email INVALID"},
		"setUserPassword": {vars{"id": "x", "password": "x"}, "id INVALID, password TOO_SHORT"},
	} {
		if got := f.run(mutation, c.input).mistakes(t, mutation); got != c.want {
			t.Errorf("%s: %s", mutation, got)
		}
	}
}

func TestMutationsRunOneAfterTheOther(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	f.post(`mutation ($id: ID!) {
		a: updateUser(input: {id: $id, firstName: "A", expectedVersion: 1}) { user { version } }
		b: updateUser(input: {id: $id, firstName: "B", expectedVersion: 2}) { user { version } }
		c: updateUser(input: {id: $id, firstName: "C", expectedVersion: 3}) { user { version firstName } } }`, vars{"id": id(1)}).
		is(t, `{"data": {"a": {"user": {"version": 2}}, "b": {"user": {"version": 3}}, "c": {"user": {"version": 4, "firstName": "C"}}}}`)
}
