package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// typed are places of each input type that the schema has, and of what builds
// on them.
var typed = map[string]string{
	"Int":           `query ($x: Int) { users(first: $x) { totalCount } }`,
	"ID!":           `query ($x: ID!) { user(id: $x) { id } }`,
	"[ID!]!":        `query ($x: [ID!]!) { usersByIds(ids: $x) { id } }`,
	"String":        `query ($x: String) { users(after: $x) { totalCount } }`,
	"EmailAddress!": `query ($x: EmailAddress!) { userByEmail(email: $x) { id } }`,
	"Boolean":       `query ($x: Boolean) { users(filter: {isActive: $x}) { totalCount } }`,
	"Boolean!":      `query ($x: Boolean!) { __typename @skip(if: $x) }`,
	"UserOrder":     `query ($x: UserOrder) { users(orderBy: $x) { totalCount } }`,
	"UserFilter":    `query ($x: UserFilter) { users(filter: $x) { totalCount } }`,
}

// TestTypesOfVariables: what JSON each type takes. Rules about values are the
// service's and not of types.
func TestTypesOfVariables(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct{ takes, refuses []string }{
		"Int":           {[]string{`1`, `200`, `2147483647`, `-1`, `null`}, []string{`"1"`, `1.0`, `1e2`, `1.5`, `2147483648`, `-2147483649`, `1e400`, `99999999999999999999`, `true`, `[]`, `{}`, `[1, 2]`}},
		"ID!":           {[]string{`"x"`, `""`, `5`, `-5`}, []string{`null`, `5.5`, `1e400`, `99999999999999999999`, `true`, `[]`, `["x"]`, `{}`}},
		"[ID!]!":        {[]string{`[]`, `"x"`, `["x"]`, `[1, "x"]`}, []string{`null`, `[null]`, `["x", null]`, `[["x"]]`, `[true]`, `{}`, `false`}},
		"String":        {[]string{`"x"`, `null`}, []string{`5`, `true`, `["x"]`, `{}`}},
		"EmailAddress!": {[]string{`"ada@example.com"`, `""`, `"x"`}, []string{`null`, `5`, `true`, `["x"]`, `{}`}},
		"Boolean":       {[]string{`true`, `false`, `null`}, []string{`"true"`, `0`, `1`, `[]`, `{}`}},
		"Boolean!":      {[]string{`true`, `false`}, []string{`null`, `"true"`, `1`}},
		"UserOrder": {
			[]string{`null`, `{"field": "EMAIL"}`, `{"field": "EMAIL", "direction": "DESC"}`},
			[]string{`{}`, `"EMAIL"`, `[]`, `{"field": null}`, `{"field": "email"}`, `{"field": 0}`, `{"field": "EMAIL", "direction": null}`,
				`{"field": "EMAIL", "direction": "desc"}`, `{"field": "EMAIL", "other": 1}`, `{"field": "EMAIL", "__typename": "UserOrder"}`, `{"direction": "ASC"}`},
		},
		"UserFilter": {
			[]string{`null`, `{}`, `{"email": null}`, `{"email": "x", "query": "x", "isActive": true}`},
			[]string{`5`, `[5]`, `{"email": 5}`, `{"query": true}`, `{"isActive": "true"}`, `{"Email": "x"}`, `{"is_active": true}`},
		},
	} {
		for _, value := range c.takes {
			if a := f.post(typed[name], vars{"x": json.RawMessage(value)}); a.code(t) != "" && a.code(t) != "INVALID_INPUT" {
				t.Errorf("%s refuses %s: %s", name, value, a.body)
			}
		}
		for _, value := range c.refuses {
			a := f.post(typed[name], vars{"x": json.RawMessage(value)})
			if a.code(t) != "GRAPHQL_VALIDATION_FAILED" || a.path(t).(map[string]any)["data"] != nil || a.path(t, "errors", 0, "locations", 0, "line") != 1.0 {
				t.Errorf("%s takes %s: %s", name, value, a.body)
			}
		}
	}
}

// TestTypesOfLiterals: the same for what is written in a document.
func TestTypesOfLiterals(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		place          string
		takes, refuses []string
	}{
		{`{ users(first: %s) { totalCount } }`, []string{`1`, `2147483647`, `null`}, []string{`"1"`, `1.0`, `1e2`, `2147483648`, `99999999999999999999`, `true`, `A`, `[1, 2]`, `{}`}},
		{`{ user(id: %s) { id } }`, []string{`"x"`, `"""x"""`, `5`}, []string{`null`, `5.5`, `99999999999999999999`, `true`, `A`, `["x"]`, `{}`, `{a: 1}`}},
		{`{ usersByIds(ids: %s) { id } }`, []string{`[]`, `"x"`, `["x", 5]`}, []string{`null`, `[null]`, `[["x"]]`, `[true]`, `{}`}},
		{`{ userByEmail(email: %s) { id } }`, []string{`"x"`, `"""x"""`}, []string{`null`, `5`, `99999999999999999999`, `true`, `A`, `["x"]`, `{}`}},
		{`{ __typename @skip(if: %s) }`, []string{`true`, `false`}, []string{`null`, `"true"`, `1`, `A`}},
		{
			`{ users(orderBy: %s) { totalCount } }`, []string{`null`, `{field: EMAIL}`, `{direction: DESC, field: EMAIL}`},
			[]string{`{}`, `EMAIL`, `"EMAIL"`, `[{field: EMAIL}]`, `{field: null}`, `{field: "EMAIL"}`, `{field: email}`, `{field: 0}`, `{field: EMAIL, direction: null}`, `{field: EMAIL, other: 1}`, `{field: EMAIL, field: EMAIL}`},
		},
		{`query ($x: Int = %s) { users(first: $x) { totalCount } }`, []string{`1`, `null`}, []string{`"1"`, `true`, `2147483648`}},
		{`query ($x: EmailAddress = %s) { userByEmail(email: $x) { id } }`, []string{`"x"`}, []string{`5`, `null`}},
		{`query ($x: ID = "x", $y: [ID!] = %s) { user(id: $x) { id } usersByIds(ids: $y) { id } }`, []string{`["x"]`, `"x"`}, []string{`[5.5]`, `[null]`, `null`}},
	} {
		for _, value := range c.takes {
			if a := f.post(fmt.Sprintf(c.place, value), nil); a.code(t) != "" && a.code(t) != "INVALID_INPUT" {
				t.Errorf("%s refuses %s: %s", c.place, value, a.body)
			}
		}
		for _, value := range c.refuses {
			if a := f.post(fmt.Sprintf(c.place, value), nil); a.code(t) != "GRAPHQL_VALIDATION_FAILED" || a.path(t).(map[string]any)["data"] != nil {
				t.Errorf("%s takes %s: %s", c.place, value, a.body)
			}
		}
	}
}

func TestWhatIsSaidAboutVariables(t *testing.T) {
	f := newFixture(t)
	const query = `query ($ids: [ID!]!, $o: UserOrder, $n: Int!) {
		usersByIds(ids: $ids) { id } users(first: $n, orderBy: $o) { totalCount } }`
	a := f.post(query, vars{"ids": []any{"x", true, nil}, "o": vars{"direction": "UP", "fild": 1}})
	var messages []string
	for _, e := range a.path(t, "errors").([]any) {
		messages = append(messages, e.(map[string]any)["message"].(string))
	}
	want := []string{
		"$ids[1]: ID takes a string.",
		"$ids[2]: ID! does not take null.",
		"$o.direction: OrderDirection takes one of its names.",
		"$o: UserOrder has no field fild.",
		"$o: UserOrder.field is required.",
		"$n: A value is required.",
	}
	if strings.Join(messages, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", messages)
	}
}

// TestNamesOfUnknownFields: only harmless ones are repeated.
func TestNamesOfUnknownFields(t *testing.T) {
	f := newFixture(t)
	longest := strings.Repeat("x", 64)
	for name, want := range map[string]string{
		"fild":         "$x: UserFilter has no field fild.",
		"is-active":    "$x: UserFilter has no field is-active.",
		longest:        "$x: UserFilter has no field " + longest + ".",
		longest + "x":  "$x: UserFilter has no such field.",
		"":             "$x: UserFilter has no such field.",
		"hunter 22":    "$x: UserFilter has no such field.",
		"x\nx":         "$x: UserFilter has no such field.",
		"x\x1b[31m":    "$x: UserFilter has no such field.",
		"<b>":          "$x: UserFilter has no such field.",
		"x\u202ex":     "$x: UserFilter has no such field.",
		"ada@mail.com": "$x: UserFilter has no such field.",
	} {
		if a := f.post(typed["UserFilter"], vars{"x": vars{name: 1}}); a.code(t) != "GRAPHQL_VALIDATION_FAILED" || a.path(t, "errors", 0, "message") != want {
			t.Errorf("%q: %s", name, a.body)
		}
	}
	for _, name := range []string{"fild", longest + "x"} {
		literal, variable := f.post(`{ users(filter: {`+name+`: 1}) { totalCount } }`, nil), f.post(typed["UserFilter"], vars{"x": vars{name: 1}})
		if got, want := literal.path(t, "errors", 0, "message"), strings.TrimPrefix(variable.path(t, "errors", 0, "message").(string), "$x: "); got != want {
			t.Errorf("a document is told %q, and variables %q", got, want)
		}
	}
}

// TestMistakesAreNotEndless: neither in number nor in length.
func TestMistakesAreNotEndless(t *testing.T) {
	f := newFixture(t)
	long := strings.Repeat("x", 9999) + "ä"
	for _, a := range []answer{
		f.post(typed["[ID!]!"], vars{"x": make([]any, 1000)}),
		f.post("{"+times(400, " a#")+" }", nil),
		f.post(typed["UserFilter"], vars{"x": vars{long: 1}}),
		f.post("{ "+strings.TrimSuffix(long, "ä")+" }", nil),
	} {
		if list := a.path(t, "errors").([]any); len(list) > 20 || len(a.body) > 8000 {
			t.Errorf("%d mistakes in %d bytes", len(list), len(a.body))
		}
	}
}

// TestNullForAVariableWithADefault: such a variable may stand where null may
// not, so null must be refused when it is given after all.
func TestNullForAVariableWithADefault(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	for _, query := range []string{
		`query ($x: ID = "x") { user(id: $x) { id } }`,
		`query ($x: Boolean = true) { __typename @include(if: $x) }`,
		`query ($x: Boolean = true) { ...F } fragment F on Query { __typename @include(if: $x) }`,
		`query ($x: EmailAddress = "x") { userByEmail(email: $x) { id } }`,
		`query ($x: OrderDirection) { users(orderBy: {field: EMAIL, direction: $x}) { totalCount } }`,
		`query ($x: ID = "x") { usersByIds(ids: [$x]) { id } }`,
		`mutation ($x: DeleteUserInput = {id: "x"}) { deleteUser(input: $x) { errors { code } } }`,
	} {
		if a := f.post(query, vars{"x": nil}); a.code(t) != "GRAPHQL_VALIDATION_FAILED" || a.path(t, "errors", 0, "message") != "$x: The places that it is used in do not take null." {
			t.Errorf("%s: %s", query, a.body)
		}
		if a := f.post(query, nil); a.code(t) != "" && a.code(t) != "INVALID_INPUT" {
			t.Errorf("%s: %s", query, a.body)
		}
	}
}

func TestVariablesThatNobodyDeclaredAreIgnored(t *testing.T) {
	newFixture(t).post(`{ __typename }`, vars{"x": 1}).is(t, `{"data": {"__typename": "Query"}}`)
}
