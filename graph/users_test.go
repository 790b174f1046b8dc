package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const listUsers = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: UserFilter, $orderBy: UserOrder) {
	users(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
		nodes { firstName } edges { cursor node { firstName } }
		pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }`

// page is a page as tests look at it.
type page struct {
	names       string // first names in order
	next, prev  bool
	start, end  any // cursors
	total       float64
	edgesAgree  bool
	cursorsGood bool
}

func (f *fixture) list(t *testing.T, v vars) page {
	t.Helper()
	a := f.post(listUsers, v)
	if a.path(t, "errors") != nil {
		t.Fatal(a.body)
	}
	users := a.path(t, "data", "users").(map[string]any)
	info := users["pageInfo"].(map[string]any)
	p := page{start: info["startCursor"], end: info["endCursor"], next: info["hasNextPage"].(bool), prev: info["hasPreviousPage"].(bool),
		total: users["totalCount"].(float64)}
	var names, edgeNames, cursors []string
	for _, n := range users["nodes"].([]any) {
		names = append(names, n.(map[string]any)["firstName"].(string))
	}
	for _, e := range users["edges"].([]any) {
		edgeNames = append(edgeNames, e.(map[string]any)["node"].(map[string]any)["firstName"].(string))
		cursors = append(cursors, e.(map[string]any)["cursor"].(string))
	}
	p.names, p.edgesAgree = strings.Join(names, " "), slices.Equal(names, edgeNames)
	p.cursorsGood = len(cursors) == 0 && p.start == nil && p.end == nil ||
		len(cursors) > 0 && p.start == cursors[0] && p.end == cursors[len(cursors)-1]
	return p
}

func TestUsers(t *testing.T) {
	f := three(t)
	for _, c := range []struct {
		name  string
		vars  vars
		names string
		total float64
	}{
		{"oldest first", nil, "Carol Alice Bob", 3},
		{"explicit nulls are absent", vars{"first": nil, "after": nil, "last": nil, "before": nil, "filter": nil, "orderBy": nil}, "Carol Alice Bob", 3},
		{"newest first", vars{"orderBy": vars{"field": "CREATED_AT", "direction": "DESC"}}, "Bob Alice Carol", 3},
		{"by e-mail address", vars{"orderBy": vars{"field": "EMAIL"}}, "Alice Bob Carol", 3},
		{"by e-mail address, backwards", vars{"orderBy": vars{"field": "EMAIL", "direction": "DESC"}}, "Carol Bob Alice", 3},
		{"by last name", vars{"orderBy": vars{"field": "LAST_NAME", "direction": "ASC"}}, "Carol Alice Bob", 3},
		{"the first", vars{"first": 2}, "Carol Alice", 3},
		{"the last", vars{"last": 2}, "Alice Bob", 3},
		{"active ones", vars{"filter": vars{"isActive": true}}, "Carol Bob", 2},
		{"inactive ones", vars{"filter": vars{"isActive": false}}, "Alice", 1},
		{"by address", vars{"filter": vars{"email": "BOB@example.org"}}, "Bob", 1},
		{"by prefix", vars{"filter": vars{"query": "c"}}, "Carol Bob", 2},
		{"all filters at once", vars{"filter": vars{"query": "b", "isActive": true, "email": "bob@example.org"}}, "Bob", 1},
		{"nobody", vars{"filter": vars{"query": "zz"}}, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := f.list(t, c.vars)
			if p.names != c.names || p.total != c.total || !p.edgesAgree || !p.cursorsGood {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func TestUsersDefaultOrderCanBeWritten(t *testing.T) {
	three(t).post(`{ users(orderBy: {field: EMAIL, direction: DESC}, filter: {isActive: true}) { nodes { firstName } } }`, nil).
		is(t, `{"data": {"users": {"nodes": [{"firstName": "Carol"}, {"firstName": "Bob"}]}}}`)
}

// TestPaging walks a list in both directions, for every order and page size.
func TestPaging(t *testing.T) {
	f := newFixture(t)
	var all []string
	for i := range 5 {
		name := string(rune('A' + i))
		f.create(vars{"email": name + "@example.com", "firstName": name, "lastName": name})
		all = append(all, name)
	}
	for _, field := range []string{"CREATED_AT", "EMAIL", "LAST_NAME"} {
		for _, direction := range []string{"ASC", "DESC"} {
			for size := 1; size <= 6; size++ {
				t.Run(fmt.Sprint(field, direction, size), func(t *testing.T) {
					want := slices.Clone(all)
					if direction == "DESC" {
						slices.Reverse(want)
					}
					order := vars{"field": field, "direction": direction}
					if got := f.walk(t, vars{"first": size, "orderBy": order}, "after"); got != strings.Join(want, " ") {
						t.Errorf("forwards: %s", got)
					}
					if got := f.walk(t, vars{"last": size, "orderBy": order}, "before"); got != strings.Join(want, " ") {
						t.Errorf("backwards: %s", got)
					}
				})
			}
		}
	}
}

// walk reads a whole list page by page: forwards by after, backwards by before.
func (f *fixture) walk(t *testing.T, v vars, bound string) string {
	t.Helper()
	var pages []string
	for more := true; more; {
		p := f.list(t, v)
		began := v[bound] != nil
		if bound == "after" {
			pages, more = append(pages, p.names), p.next
			v = v.with(vars{bound: p.end})
			began = began == p.prev
		} else {
			pages, more = slices.Insert(pages, 0, p.names), p.prev
			v = v.with(vars{bound: p.start})
			began = began == p.next
		}
		if !began || !p.edgesAgree || !p.cursorsGood || p.total != 5 || len(pages) > 5 {
			t.Fatalf("page %+v", p)
		}
	}
	return strings.Join(pages, " ")
}

func TestPagesBetweenTwoCursors(t *testing.T) {
	f := three(t)
	p := f.list(t, nil)
	if p := f.list(t, vars{"after": p.start, "before": p.end}); p.names != "Alice" {
		t.Errorf("got %+v", p)
	}
}

func TestUsersRefuses(t *testing.T) {
	f := three(t)
	cursor := f.list(t, nil).start
	for _, c := range []struct {
		name        string
		vars        vars
		field, code string
	}{
		{"no users", vars{"first": 0}, "first", "OUT_OF_RANGE"},
		{"fewer than none", vars{"last": -1}, "last", "OUT_OF_RANGE"},
		{"too many", vars{"first": 201}, "first", "OUT_OF_RANGE"},
		{"both ends", vars{"first": 1, "last": 1}, "last", "INVALID"},
		{"no cursor", vars{"after": "x"}, "after", "INVALID"},
		{"an empty cursor", vars{"before": ""}, "before", "INVALID"},
		{"another list's cursor", vars{"after": cursor, "orderBy": vars{"field": "EMAIL"}}, "after", "INVALID"},
		{"an empty filter", vars{"filter": vars{}}, "filter", "REQUIRED"},
		{"no address", vars{"filter": vars{"email": "x"}}, "email", "INVALID"},
		{"a null address", vars{"filter": vars{"email": nil}}, "email", "REQUIRED"},
		{"an empty search", vars{"filter": vars{"query": " "}}, "query", "REQUIRED"},
		{"a null search", vars{"filter": vars{"query": nil}}, "query", "REQUIRED"},
		{"neither active nor not", vars{"filter": vars{"isActive": nil}}, "isActive", "REQUIRED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := f.post(listUsers, c.vars)
			field := a.path(t, "errors", 0, "extensions", "fields", 0, "field")
			code := a.path(t, "errors", 0, "extensions", "fields", 0, "code")
			if a.code(t) != "INVALID_INPUT" || field != c.field || code != c.code || a.path(t, "data") != nil {
				t.Error(a.body)
			}
		})
	}
}

func TestUsersTellsAllMistakesAtOnce(t *testing.T) {
	a := newFixture(t).post(listUsers, vars{"first": 0, "after": "x", "filter": vars{"email": "x", "query": ""}})
	var fields []string
	for _, f := range a.path(t, "errors", 0, "extensions", "fields").([]any) {
		fields = append(fields, f.(map[string]any)["field"].(string))
	}
	if got := strings.Join(fields, " "); got != "email query first after" {
		t.Error(a.body)
	}
}

func TestTotalCountIsLazy(t *testing.T) {
	f := three(t)
	f.post(`{ users { nodes { id } } }`, nil).is(t, `{"data": {"users": {"nodes": [{"id": "`+id(1)+`"}, {"id": "`+id(2)+`"}, {"id": "`+id(3)+`"}]}}}`)
	f.post(`{ users { totalCount @include(if: false) } }`, nil).is(t, `{"data": {"users": {}}}`)
	if n := f.calls.counts.Load(); n != 0 {
		t.Errorf("counted %d times without being asked", n)
	}
	f.post(`{ users(first: 1, filter: {isActive: true}) { totalCount } }`, nil).is(t, `{"data": {"users": {"totalCount": 2}}}`)
	if n := f.calls.counts.Load(); n != 1 {
		t.Errorf("counted %d times", n)
	}
}
