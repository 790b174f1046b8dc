package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/userd/userd/service"
)

// three are three users: two active, one not; by e-mail address they stand in
// another order than by name or age.
func three(t *testing.T) *fixture {
	f := newFixture(t)
	f.create(
		vars{"email": "Carol@example.com", "firstName": "Carol", "lastName": "Adams"},
		vars{"email": "alice@example.com", "firstName": "Alice", "lastName": "Brown", "isActive": false},
		vars{"email": "bob@example.org", "firstName": "Bob", "lastName": "Clark"})
	return f
}

// notFound is the error of a query for a user that is not there.
func notFound(field string) string {
	return fmt.Sprintf(`{"message": "No user has this id.", "path": [%q], "locations": [{"line": 1, "column": 3}],
		"extensions": {"code": "USER_NOT_FOUND", "requestId": "test"}}`, field)
}

// invalid is the error of a query with one wrong field.
func invalid(path, field, code, message string) string {
	return fmt.Sprintf(`{"message": "Part of the input is wrong; the extension fields says what.",
		"path": [%q], "locations": [{"line": 1, "column": 3}],
		"extensions": {"code": "INVALID_INPUT", "requestId": "test",
			"fields": [{"field": %q, "code": %q, "message": %q}]}}`, path, field, code, message)
}

const (
	badID    = "An id is a UUID in its canonical form: 36 characters, lower case."
	badEmail = "The part after the @ must be a domain name with a dot, such as example.com."
)

func TestQueries(t *testing.T) {
	f := three(t)
	for _, c := range []struct {
		name, query string
		vars        vars
		want        string
	}{
		{
			"user: every field",
			`{ user(id: "` + id(1) + `") { __typename id email emailVerifiedAt firstName lastName isActive version createdAt updatedAt } }`, nil,
			`{"data": {"user": {"__typename": "User", "id": "` + id(1) + `", "email": "Carol@example.com", "emailVerifiedAt": null, "firstName": "Carol",
				"lastName": "Adams", "isActive": true, "version": 1,
				"createdAt": "2026-01-31T12:00:01.000000Z", "updatedAt": "2026-01-31T12:00:01.000000Z"}}}`,
		},
		{
			"user: the id in a variable",
			`query ($id: ID!) { user(id: $id) { firstName } }`, vars{"id": id(2)},
			`{"data": {"user": {"firstName": "Alice"}}}`,
		},
		{
			"user: nobody there",
			`{ user(id: "` + id(9) + `") { id } }`, nil,
			`{"errors": [` + notFound("user") + `], "data": {"user": null}}`,
		},
		{
			"user: the rest of the query survives",
			`{ user(id: "` + id(9) + `") { id } other: user(id: "` + id(3) + `") { firstName } }`, nil,
			`{"errors": [` + notFound("user") + `], "data": {"user": null, "other": {"firstName": "Bob"}}}`,
		},
		{
			"user: no id",
			`{ user(id: "ada") { id } }`, nil,
			`{"errors": [` + invalid("user", "id", "INVALID", badID) + `], "data": {"user": null}}`,
		},
		{
			"user: no id, in a variable",
			`query ($id: ID!){user(id: $id) { id } }`, vars{"id": 5},
			strings.Replace(`{"errors": [`+invalid("user", "id", "INVALID", badID)+`], "data": {"user": null}}`, `"column": 3`, `"column": 18`, 1),
		},
		{
			"user: an id in another spelling is none",
			`{ user(id: "` + strings.ReplaceAll(id(1), "-", "") + `") { id } }`, nil,
			`{"errors": [` + invalid("user", "id", "INVALID", badID) + `], "data": {"user": null}}`,
		},
		{
			"userByEmail: in any case",
			`{ userByEmail(email: " carol@EXAMPLE.com") { id email } }`, nil,
			`{"data": {"userByEmail": {"id": "` + id(1) + `", "email": "Carol@example.com"}}}`,
		},
		{
			"userByEmail: nobody has it",
			`{ userByEmail(email: "dave@example.com") { id } }`, nil,
			`{"data": {"userByEmail": null}}`,
		},
		{
			"userByEmail: no address",
			`{ userByEmail(email: "dave@example") { id } }`, nil,
			`{"errors": [` + invalid("userByEmail", "email", "INVALID", badEmail) + `], "data": {"userByEmail": null}}`,
		},
		{
			"usersByIds: in the order asked for, with nulls and repetitions",
			`query ($ids: [ID!]!) { usersByIds(ids: $ids) { firstName } }`, vars{"ids": []string{id(3), id(9), id(1), id(3)}},
			`{"data": {"usersByIds": [{"firstName": "Bob"}, null, {"firstName": "Carol"}, {"firstName": "Bob"}]}}`,
		},
		{
			"usersByIds: one id is a list of one",
			`query ($ids: [ID!]!) { usersByIds(ids: $ids) { firstName } }`, vars{"ids": id(3)},
			`{"data": {"usersByIds": [{"firstName": "Bob"}]}}`,
		},
		{
			"usersByIds: none",
			`{ usersByIds(ids: []) { firstName } }`, nil,
			`{"data": {"usersByIds": []}}`,
		},
		{
			"usersByIds: one is no id",
			`{ usersByIds(ids: ["` + id(1) + `", "x"]) { firstName } }`, nil,
			`{"errors": [` + invalid("usersByIds", "ids", "INVALID", badID) + `], "data": null}`,
		},
		{
			"node",
			`{ node(id: "` + id(2) + `") { __typename id ... on User { firstName } } }`, nil,
			`{"data": {"node": {"__typename": "User", "id": "` + id(2) + `", "firstName": "Alice"}}}`,
		},
		{
			"node: nothing there",
			`{ node(id: "` + id(9) + `") { id } }`, nil,
			`{"data": {"node": null}}`,
		},
		{
			"node: no id",
			`{ node(id: "ada") { id } }`, nil,
			`{"errors": [` + invalid("node", "id", "INVALID", badID) + `], "data": {"node": null}}`,
		},
		{
			"nodes: in the order asked for, with nulls and repetitions",
			`query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on User { firstName } } }`, vars{"ids": []string{id(3), id(9), id(3)}},
			`{"data": {"nodes": [{"id": "` + id(3) + `", "firstName": "Bob"}, null, {"id": "` + id(3) + `", "firstName": "Bob"}]}}`,
		},
		{
			"nodes: one is no id",
			`{ nodes(ids: ["x"]) { id } }`, nil,
			`{"errors": [` + invalid("nodes", "ids", "INVALID", badID) + `], "data": null}`,
		},
		{
			"@skip and @include",
			`query ($no: Boolean = false) { user(id: "` + id(2) + `") { id @skip(if: true) firstName @include(if: $no) lastName } }`, nil,
			`{"data": {"user": {"lastName": "Brown"}}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := f.post(c.query, c.vars)
			a.is(t, c.want)
			if a.status != 200 {
				t.Errorf("status %d", a.status)
			}
		})
	}
}

// TestIDsAreAsManyAsTheServiceTakes: no field that takes ids takes more of them.
func TestIDsAreAsManyAsTheServiceTakes(t *testing.T) {
	f := newFixture(t)
	ids := make([]string, service.MaxIDs)
	for i := range ids {
		ids[i] = id(i)
	}
	for _, field := range []string{"usersByIds", "nodes"} {
		query := `query ($ids: [ID!]!) { ` + field + `(ids: $ids) { id } }`
		if a := f.post(query, vars{"ids": ids}); a.code(t) != "" {
			t.Error(a.body)
		}
		a := f.post(query, vars{"ids": append(ids, id(1000))})
		if field := a.path(t, "errors", 0, "extensions", "fields", 0, "field"); a.code(t) != "INVALID_INPUT" || field != "ids" {
			t.Error(a.body)
		}
	}
}
