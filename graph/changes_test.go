package graph_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/internal/teststore"
	"github.com/userd/userd/service"
)

const changeFields = `cursor at kind userId version fields { field old new } actor requestId`

// changed creates a user and changes all about it, in four changes.
func changed(f *fixture) {
	f.t.Helper()
	f.create(ada())
	f.do(`mutation ($id: ID!) {
		updateUser(input: {id: $id, lastName: "Byron", isActive: false}) { errors { code } }
		updateUserEmail(input: {id: $id, email: "countess@example.com"}) { errors { code } }
		setUserPassword(input: {id: $id, password: "notes on the engine"}) { errors { code } }
		same: updateUser(input: {id: $id, lastName: "Byron"}) { errors { code } } }`, vars{"id": id(1)})
}

// do runs a mutation that must succeed.
func (f *fixture) do(document string, v vars) {
	f.t.Helper()
	if a := f.post(document, v); a.path(f.t, "errors") != nil || strings.Contains(a.body, `"code"`) {
		f.t.Fatal(a.body)
	}
}

// rename gives the nth user another first name.
func (f *fixture) rename(n int, name string) {
	f.t.Helper()
	f.do(`mutation ($id: ID!, $name: String) { updateUser(input: {id: $id, firstName: $name}) { errors { code } } }`, vars{"id": id(n), "name": name})
}

// remove deletes the nth user.
func (f *fixture) remove(n int) {
	f.t.Helper()
	f.do(`mutation ($id: ID!) { deleteUser(input: {id: $id}) { errors { code } } }`, vars{"id": id(n)})
}

// line is what of a change differs little from run to run.
func line(t *testing.T, change any) string {
	t.Helper()
	c, ok := change.(map[string]any)
	if !ok {
		t.Fatalf("%v is no change", change)
	}
	var b strings.Builder
	fmt.Fprint(&b, c["kind"])
	fields, _ := c["fields"].([]any)
	for _, f := range fields {
		f := f.(map[string]any)
		text := func(v any) any {
			if v == nil {
				return "-"
			}
			return v
		}
		fmt.Fprintf(&b, " %s=%v>%v", f["field"], text(f["old"]), text(f["new"]))
	}
	return b.String()
}

func lines(t *testing.T, changes any) (list []string) {
	t.Helper()
	for _, c := range changes.([]any) {
		list = append(list, line(t, c))
	}
	return list
}

// adasChanges are those of changed.
var adasChanges = []string{
	"CREATED email=->Ada@example.com firstName=->Ada lastName=->Lovelace password=->- isActive=->true",
	"UPDATED lastName=Lovelace>Byron isActive=true>false",
	"EMAIL_CHANGED email=Ada@example.com>countess@example.com",
	"PASSWORD_CHANGED password=->-",
}

func TestChangesTellWhatHappened(t *testing.T) {
	f := newFixture(t)
	changed(f)
	a := f.post(`{ changes { nodes { `+changeFields+` } edges { cursor node { cursor } } } }`, nil)
	if diff := cmp.Diff(adasChanges, lines(t, a.path(t, "data", "changes", "nodes"))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for i := range adasChanges {
		c := a.path(t, "data", "changes", "nodes", i).(map[string]any)
		if c["userId"] != id(1) || c["version"] != float64(i+1) || c["actor"] != "anonymous" || !strings.HasPrefix(c["at"].(string), "2026-01-31T12:00:") {
			t.Errorf("change %d: %v", i, c)
		}
		edge := a.path(t, "data", "changes", "edges", i).(map[string]any)
		if edge["cursor"] != c["cursor"] || edge["node"].(map[string]any)["cursor"] != c["cursor"] {
			t.Errorf("edge %d: %v", i, edge)
		}
	}
}

func TestChangesNameTheRequest(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	f.post(`{ changes { nodes { requestId } } }`, nil).is(t, `{"data": {"changes": {"nodes": [{"requestId": "test"}]}}}`)
}

// place is a connection's pageInfo.
type place struct {
	next, previous bool
	start, end     any
}

const pageInfo = `pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`

func pageOf(t *testing.T, connection any) place {
	t.Helper()
	p := connection.(map[string]any)["pageInfo"].(map[string]any)
	return place{p["hasNextPage"].(bool), p["hasPreviousPage"].(bool), p["startCursor"], p["endCursor"]}
}

func TestHistoryComesInPages(t *testing.T) {
	f := newFixture(t)
	empty := f.post(`{ changes { nodes { cursor } `+pageInfo+` } }`, nil).path(t, "data", "changes")
	p := pageOf(t, empty)
	if p.end == nil || p != (place{end: p.end}) {
		t.Errorf("of an empty log: %+v", p)
	}
	f.create(vars{"email": "bob@example.com"})
	historyAfter := func(after any) any {
		return f.post(`query ($id: ID!, $after: String) { user(id: $id) { history(first: 2, after: $after) { nodes { `+changeFields+` } `+pageInfo+` } } }`,
			vars{"id": id(1), "after": after}).path(t, "data", "user", "history")
	}
	for i, name := range []string{"A", "B", "C"} {
		f.rename(1, name)
		f.create(vars{"email": fmt.Sprintf("%d@example.com", i)}) // is not of the user
	}
	var got []string
	after := p.end // where the empty log ended, the log goes on
	for i, want := range []place{{next: true, previous: true}, {previous: true}, {previous: true}} {
		connection := historyAfter(after)
		got = append(got, lines(t, connection.(map[string]any)["nodes"])...)
		p := pageOf(t, connection)
		if p.next != want.next || p.previous != want.previous || p.end == nil || (p.start == nil) != (i == 2) {
			t.Errorf("page %d: %+v", i, p)
		}
		after = p.end
	}
	want := []string{"CREATED email=->bob@example.com firstName=->Ada lastName=->Lovelace password=->- isActive=->true",
		"UPDATED firstName=Ada>A", "UPDATED firstName=A>B", "UPDATED firstName=B>C"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	f.rename(1, "D")
	if got := lines(t, historyAfter(after).(map[string]any)["nodes"]); len(got) != 1 || got[0] != "UPDATED firstName=C>D" {
		t.Errorf("the end of an empty page leads on to %v", got)
	}
}

func TestChangesOfOneUserAndErasure(t *testing.T) {
	f := newFixture(t)
	changed(f)
	f.create(vars{"email": "bob@example.com"})
	f.remove(1)
	a := f.post(`query ($id: ID) { changes(userId: $id) { nodes { `+changeFields+` } } }`, vars{"id": id(1)})
	want := []string{
		"CREATED email=->- firstName=->- lastName=->- password=->- isActive=->-", "UPDATED lastName=->- isActive=->-",
		"EMAIL_CHANGED email=->-", "PASSWORD_CHANGED password=->-", "DELETED",
	}
	if diff := cmp.Diff(want, lines(t, a.path(t, "data", "changes", "nodes"))); diff != "" || strings.Contains(a.body, "example.com") {
		t.Errorf("-want +got:\n%s", diff)
	}
	all := f.post(`query ($id: ID) { changes(userId: $id) { nodes { cursor } } }`, vars{"id": nil})
	if n := len(all.path(t, "data", "changes", "nodes").([]any)); n != 6 {
		t.Errorf("null for the user's id selects %d changes", n)
	}
	f.post(`query ($id: ID) { changes(userId: $id) { nodes { cursor } } }`, vars{"id": id(9)}).is(t, `{"data": {"changes": {"nodes": []}}}`)
}

func TestChangesRefuseWrongArguments(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	users := f.post(`{ users { edges { cursor } } }`, nil).path(t, "data", "users", "edges", 0, "cursor")
	for arguments, field := range map[string]string{
		`first: 0`: "first", `first: 201`: "first", `first: -1`: "first", `after: ""`: "after", `after: "x"`: "after",
		fmt.Sprintf("after: %q", users): "after", `userId: ""`: "userId", `userId: "x"`: "userId",
		`userId: "00000000-0000-0000-0000-000000000000"`: "userId",
	} {
		documents := []string{`{ changes(` + arguments + `) { nodes { cursor } } }`}
		if field != "userId" {
			documents = append(documents, `{ user(id: "`+id(1)+`") { history(`+arguments+`) { nodes { cursor } } } }`)
		}
		for _, document := range documents {
			a := f.post(document, nil)
			if a.code(t) != "INVALID_INPUT" || a.path(t, "errors", 0, "extensions", "fields", 0, "field") != field {
				t.Errorf("%s: %s", document, a.body)
			}
		}
	}
}

// expiring has changes in a log that keeps two, and returns the first one's
// cursor.
func expiring(t *testing.T) (f *fixture, first any) {
	f = newFixture(t, setup{store: func(service.Store) service.Store {
		return teststore.Open(t, 2)
	}})
	f.create(ada())
	first = f.post(`{ changes { pageInfo { endCursor } } }`, nil).path(t, "data", "changes", "pageInfo", "endCursor")
	for _, name := range []string{"A", "B", "C"} {
		f.rename(1, name)
	}
	return f, first
}

func TestExpiredCursors(t *testing.T) {
	f, first := expiring(t)
	other := newFixture(t).post(`{ changes { pageInfo { endCursor } } }`, nil).path(t, "data", "changes", "pageInfo", "endCursor")
	for name, cursor := range map[string]any{"too old": first, "of another log": other} {
		for _, document := range []string{
			`query ($after: String) { changes(after: $after) { nodes { cursor } } }`,
			`query ($after: String) { user(id: "` + id(1) + `") { history(after: $after) { nodes { cursor } } } }`,
		} {
			if a := f.post(document, vars{"after": cursor}); a.code(t) != "CURSOR_EXPIRED" || a.status != 200 {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
	}
	if got := f.post(`{ changes { nodes { `+changeFields+` } } }`, nil).path(t, "data", "changes", "nodes").([]any); len(got) != 2 {
		t.Errorf("kept are %v", got)
	}
}

// TestHistoriesStayOutOfLists: a list of users does not read the log once for
// each of them.
func TestHistoriesStayOutOfLists(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	const h = `history { nodes { cursor } }`
	for document, ok := range map[string]bool{
		`{ user(id: "` + id(1) + `") { ` + h + ` } }`:                                                                true,
		`{ user(id: "` + id(1) + `") { a: ` + h + ` b: ` + h + ` } }`:                                                true,
		`{ userByEmail(email: "ada@example.com") { ...F } } fragment F on User { ` + h + ` }`:                        true,
		`{ node(id: "` + id(1) + `") { ... on User { ` + h + ` } } }`:                                                true,
		`{ node(id: "` + id(1) + `") { ...N } users { nodes { id } } } fragment N on Node { ...on User { id } }`:     true,
		`mutation { updateUser(input: {id: "` + id(1) + `", lastName: "L"}) { user { ` + h + ` } } }`:                true,
		`{ users { nodes { ` + h + ` } } }`:                                                                          false,
		`{ users { nodes { renamed: ` + h + ` } } }`:                                                                 false,
		`{ users { edges { node { ` + h + ` } } } }`:                                                                 false,
		`{ usersByIds(ids: ["` + id(1) + `"]) { ` + h + ` } }`:                                                       false,
		`{ nodes(ids: ["` + id(1) + `"]) { ... on User { ` + h + ` } } }`:                                            false,
		`{ usersByIds(ids: "` + id(1) + `") { ... { ... on User { ` + h + ` } } } }`:                                 false,
		`{ ...Q } fragment Q on Query { users { nodes { ...N } } } fragment N on Node { ... on User { ` + h + ` } }`: false,
		`{ user(id: "` + id(1) + `") { ...F } users { nodes { ...F } } } fragment F on User { ` + h + ` }`:           false,
		`query A { __typename } query B { users { nodes { ` + h + ` } } }`:                                           false,
	} {
		a := f.post(document, nil)
		if ok && a.path(t, "errors") != nil {
			t.Errorf("%s: %s", document, a.body)
		}
		if !ok && (a.code(t) != "GRAPHQL_VALIDATION_FAILED" || !strings.Contains(a.body, "User.history") || !strings.Contains(a.body, `"line":1`)) {
			t.Errorf("%s: %s", document, a.body)
		}
	}
}

// brokenLog is a store whose change log fails as it is told to.
type brokenLog struct {
	service.Store
	state func() error
	await func(ctx context.Context, after int64) error
}

func (s *brokenLog) ChangeLog(ctx context.Context) (service.ChangeLogState, error) {
	if s.state != nil {
		if err := s.state(); err != nil {
			return service.ChangeLogState{}, err
		}
	}
	return s.Store.ChangeLog(ctx)
}

func (s *brokenLog) AwaitChange(ctx context.Context, after int64) error {
	if s.await != nil {
		return s.await(ctx, after)
	}
	return s.Store.AwaitChange(ctx, after)
}

func TestChangeCursorIsWhereFromNowOnBegins(t *testing.T) {
	f := newFixture(t)
	changed(f)
	cursor := f.post(`{ changeCursor }`, nil).path(t, "data", "changeCursor")
	f.rename(1, "Augusta")
	a := f.post(`query ($after: String) { changes(after: $after) { nodes { kind } } }`, vars{"after": cursor})
	if nodes, _ := a.path(t, "data", "changes", "nodes").([]any); len(nodes) != 1 {
		t.Errorf("after the cursor come %s", a.body)
	}
}
