package graph_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/userd/userd/graph"
)

const (
	jsonType    = "application/json"
	graphqlType = "application/graphql-response+json"
)

// headers of a POST with a body in JSON whose answer is to be of this type.
func accepting(mediaType string) http.Header {
	return http.Header{"Content-Type": {jsonType}, "Accept": {mediaType}}
}

// TestStatuses is the table of what is answered to requests that come to
// nothing, in both media types.
func TestStatuses(t *testing.T) {
	f := newFixture(t, setup{config: graph.Config{Limits: graph.Limits{BodyBytes: 2000}}})
	for _, c := range []struct {
		name, body string
		graphql    int // status in application/graphql-response+json
		json       int // status in application/json
		code       string
	}{
		{"a query", `{"query": "{ __typename }"}`, 200, 200, ""},
		{"null for what is optional", `{"query": "{ __typename }", "operationName": null, "variables": null, "extensions": null}`, 200, 200, ""},
		{"other members are ignored", `{"query": "{ __typename }", "id": "x", "QUERY": 1}`, 200, 200, ""},
		{"white space around", " \n{\"query\": \"{ __typename }\"}\t", 200, 200, ""},
		{"an operation by its name", `{"query": "query A { a: __typename } query B { b: __typename }", "operationName": "B"}`, 200, 200, ""},

		{"no body", ``, 400, 400, "MALFORMED_JSON"},
		{"no JSON", `query`, 400, 400, "MALFORMED_JSON"},
		{"half of it", `{"query": "{ __typename`, 400, 400, "MALFORMED_JSON"},
		{"data behind it", `{"query": "{ __typename }"} {}`, 400, 400, "MALFORMED_JSON"},
		{"a member twice", `{"query": "{ a }", "query": "{ __typename }"}`, 400, 400, "MALFORMED_JSON"},
		{"a variable twice", `{"query": "{ __typename }", "variables": {"a": 1, "a": 2}}`, 400, 400, "MALFORMED_JSON"},
		{"invalid UTF-8", "{\"query\": \"{ __typename }\", \"variables\": {\"a\": \"\xff\"}}", 400, 400, "MALFORMED_JSON"},
		{"half a surrogate pair", `{"query": "{ __typename }", "variables": {"a": "\ud800"}}`, 400, 400, "MALFORMED_JSON"},
		{"an array", `[{"query": "{ __typename }"}]`, 400, 400, "BAD_REQUEST"},
		{"a string", `"{ __typename }"`, 400, 400, "BAD_REQUEST"},
		{"no query", `{"variables": {}}`, 400, 400, "BAD_REQUEST"},
		{"null", `null`, 400, 400, "BAD_REQUEST"},
		{"an empty query", `{"query": ""}`, 400, 400, "BAD_REQUEST"},
		{"a query that is no string", `{"query": 1}`, 400, 400, "BAD_REQUEST"},
		{"an operationName that is no string", `{"query": "{ __typename }", "operationName": 1}`, 400, 400, "BAD_REQUEST"},
		{"variables that are no object", `{"query": "{ __typename }", "variables": []}`, 400, 400, "BAD_REQUEST"},
		{"extensions that are no object", `{"query": "{ __typename }", "extensions": "x"}`, 400, 400, "BAD_REQUEST"},
		{"too long a body", `{"query": "{ __typename }` + strings.Repeat(" ", 2000) + `"}`, 413, 413, "BODY_TOO_LARGE"},

		{"no GraphQL", `{"query": "{"}`, 400, 200, "GRAPHQL_PARSE_FAILED"},
		{"comments only", `{"query": "# nothing"}`, 400, 200, "GRAPHQL_VALIDATION_FAILED"},
		{"fragments only", `{"query": "fragment F on User { id }"}`, 400, 200, "GRAPHQL_VALIDATION_FAILED"},
		{"an unknown field", `{"query": "{ nothing }"}`, 400, 200, "GRAPHQL_VALIDATION_FAILED"},
		{"a subscription", `{"query": "subscription { users }"}`, 400, 200, "GRAPHQL_VALIDATION_FAILED"},
		{"an unknown directive", `{"query": "{ ... @defer { __typename } }"}`, 400, 200, "GRAPHQL_VALIDATION_FAILED"},
		{"several operations", `{"query": "query A { __typename } query B { __typename }"}`, 400, 200, "GRAPHQL_VALIDATION_FAILED"},
		{"an unknown operation", `{"query": "query A { __typename }", "operationName": "B"}`, 400, 200, "GRAPHQL_VALIDATION_FAILED"},
		{"a missing variable", `{"query": "query ($id: ID!) { user(id: $id) { id } }"}`, 400, 200, "GRAPHQL_VALIDATION_FAILED"},
		{"a null variable", `{"query": "query ($id: ID!) { user(id: $id) { id } }", "variables": {"id": null}}`, 400, 200, "GRAPHQL_VALIDATION_FAILED"},
		{"too large a document", `{"query": "{` + strings.Repeat(" __typename", 11) + `}"}`, 400, 200, "LIMIT_EXCEEDED"},
		{"variables too deep", `{"query": "{ __typename }", "variables": {"a":` + strings.Repeat("[", 11) + strings.Repeat("]", 11) + `}}`, 400, 200, "LIMIT_EXCEEDED"},

		{"an error of a field", `{"query": "{ user(id: \"x\") { id } }"}`, 200, 200, "INVALID_INPUT"},
		{"an error of a field that is never null", `{"query": "{ users(first: 0) { totalCount } }"}`, 200, 200, "INVALID_INPUT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for mediaType, status := range map[string]int{graphqlType: c.graphql, jsonType: c.json} {
				a := f.send(http.MethodPost, c.body, accepting(mediaType))
				if a.status != status || a.code(t) != c.code || a.header.Get("Content-Type") != mediaType+"; charset=utf-8" {
					t.Errorf("%s: status %d, header %v, body %s", mediaType, a.status, a.header, a.body)
				}
				_, hasData := a.path(t).(map[string]any)["data"]
				if executed := c.code == "" || c.code == "INVALID_INPUT"; hasData != executed {
					t.Errorf("data in %s", a.body)
				}
				if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Vary") != "Accept" || !strings.HasSuffix(a.body, "}\n") {
					t.Errorf("headers %v of %q", a.header, a.body)
				}
			}
		})
	}
}

func TestContentTypes(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		header http.Header
		ok     bool
	}{
		{http.Header{"Content-Type": {"application/json"}}, true},
		{http.Header{"Content-Type": {"Application/JSON; charset=UTF-8"}}, true},
		{http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"identity"}}, true},
		{http.Header{}, false},
		{http.Header{"Content-Type": {""}}, false},
		{http.Header{"Content-Type": {"json"}}, false},
		{http.Header{"Content-Type": {"application/json;"}, "Content-Encoding": {"gzip"}}, false},
		{http.Header{"Content-Type": {"application/json", "text/plain"}}, false},
		{http.Header{"Content-Type": {"application/json; charset=latin1"}}, false},
		{http.Header{"Content-Type": {"application/graphql"}}, false},
		{http.Header{"Content-Type": {"application/graphql-response+json"}}, false},
		{http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, false},
		{http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, false},
		{http.Header{"Content-Type": {"text/plain"}}, false},
	} {
		a := f.send(http.MethodPost, `{"query": "{ __typename }"}`, c.header)
		if c.ok && a.status != 200 {
			t.Errorf("%v: %d %s", c.header, a.status, a.body)
		}
		if !c.ok && (a.status != 415 || a.code(t) != "UNSUPPORTED_MEDIA_TYPE" || a.header.Get("Accept") != jsonType) {
			t.Errorf("%v: %d %v %s", c.header, a.status, a.header, a.body)
		}
	}
}

func TestNotAcceptable(t *testing.T) {
	a := newFixture(t).send(http.MethodPost, `{"query": "{ __typename }"}`, accepting("text/html"))
	if a.status != 406 || a.code(t) != "NOT_ACCEPTABLE" || a.header.Get("Content-Type") != jsonType+"; charset=utf-8" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
}

func TestMethods(t *testing.T) {
	f := newFixture(t)
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete, "QUERY"} {
		a := f.send(method, `{"query": "{ __typename }"}`, accepting(jsonType))
		if a.status != 405 || a.header.Get("Allow") != "GET, HEAD, OPTIONS, POST" || a.code(t) != "METHOD_NOT_ALLOWED" {
			t.Errorf("%s: %d %v %s", method, a.status, a.header, a.body)
		}
	}
	a := f.send(http.MethodOptions, "", http.Header{"Accept": {"text/html"}})
	if a.status != 204 || a.header.Get("Allow") != "GET, HEAD, OPTIONS, POST" || a.body != "" {
		t.Errorf("OPTIONS: %d %v %s", a.status, a.header, a.body)
	}
}

// get sends parameters by GET or HEAD.
func (f *fixture) get(method string, parameters ...string) answer {
	f.t.Helper()
	v := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		v.Add(parameters[i], parameters[i+1])
	}
	return f.sendTo(f.url+"?"+v.Encode(), method, "", http.Header{"Accept": {graphqlType}})
}

func TestGet(t *testing.T) {
	f := newFixture(t, setup{config: graph.Config{Limits: graph.Limits{URLBytes: 500}}})
	f.create(ada())
	const query = `query Q($id: ID!) { user(id: $id) { firstName } }`
	variables := fmt.Sprintf(`{"id": %q}`, id(1))
	want := `{"data": {"user": {"firstName": "Ada"}}}`
	f.get(http.MethodGet, "query", query, "variables", variables).is(t, want)
	f.get(http.MethodGet, "query", query, "variables", variables, "operationName", "Q", "extensions", "{}", "other", "x").is(t, want)
	f.get(http.MethodGet, "query", "{ __typename }", "variables", "", "operationName", "", "extensions", "").is(t, `{"data": {"__typename": "Query"}}`)
	f.get(http.MethodGet, "query", "{ __typename }", "variables", "null").is(t, `{"data": {"__typename": "Query"}}`)

	head := f.get(http.MethodHead, "query", query, "variables", variables)
	if head.status != 200 || head.body != "" || head.header.Get("Content-Length") != fmt.Sprint(len(`{"data":{"user":{"firstName":"Ada"}}}`)+1) {
		t.Errorf("HEAD: %+v", head)
	}
	for _, c := range []struct {
		name       string
		parameters []string
		status     int
		code       string
	}{
		{"nothing", nil, 400, "BAD_REQUEST"},
		{"an empty query", []string{"query", ""}, 400, "BAD_REQUEST"},
		{"two queries", []string{"query", "{ __typename }", "query", "{ a }"}, 400, "BAD_REQUEST"},
		{"invalid UTF-8", []string{"query", "{ __typename } # \xff"}, 400, "BAD_REQUEST"},
		{"two sets of variables", []string{"query", "{ __typename }", "variables", "{}", "variables", "{}"}, 400, "BAD_REQUEST"},
		{"variables that are no JSON", []string{"query", "{ __typename }", "variables", "x"}, 400, "MALFORMED_JSON"},
		{"variables that are no object", []string{"query", "{ __typename }", "variables", "[]"}, 400, "BAD_REQUEST"},
		{"extensions that are no object", []string{"query", "{ __typename }", "extensions", "1"}, 400, "BAD_REQUEST"},
		{"variables too deep", []string{"query", "{ __typename }", "variables", `{"a":` + strings.Repeat("[", 11) + strings.Repeat("]", 11) + `}`}, 400, "LIMIT_EXCEEDED"},
		{"too long", []string{"query", "{ __typename }", "x", strings.Repeat("x", 500)}, 414, "URL_TOO_LONG"},
		{"a mutation", []string{"query", `mutation { deleteUser(input: {id: "` + id(1) + `"}) { deletedUserId } }`}, 405, "METHOD_NOT_ALLOWED"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			a := f.get(method, c.parameters...)
			if a.status != c.status {
				t.Errorf("%s %s: %d %s", method, c.name, a.status, a.body)
			}
			if method == http.MethodGet && (a.code(t) != c.code || c.status == 405 && a.header.Get("Allow") != "POST") {
				t.Errorf("%s: %v %s", c.name, a.header, a.body)
			}
		}
	}
	if a := f.sendTo(f.url+"?query=%zz", http.MethodGet, "", nil); a.status != 400 || a.code(t) != "BAD_REQUEST" {
		t.Errorf("a malformed query string: %d %s", a.status, a.body)
	}
	if a := f.post(query, vars{"id": id(1)}); a.path(t, "data", "user") == nil {
		t.Error("a GET has deleted the user")
	}
}

// TestNothingIsRepeated: an answer to a request that is refused holds nothing
// of what may be a secret in the wrong place.
func TestNothingIsRepeated(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	const secret = "hunter22hunter22"
	for name, body := range map[string]string{
		"no JSON":                 secret,
		"half a string":           `{"query": "` + secret,
		"a wrong type":            `{"query": ["` + secret + `"]}`,
		"a name twice":            `{"query": "{ __typename }", "variables": {"` + secret + `": 1, "` + secret + `": 1}}`,
		"syntax":                  `{"query": "mutation { setUserPassword(input: {password \"` + secret + `\"}) { errors { code } } }"}`,
		"an unexpected string":    `{"query": "\"` + secret + `\""}`,
		"an unexpected block":     `{"query": "{ a(b: \"\"\"x\"\"\" \"\"\"` + secret + `\"\"\") }"}`,
		"half a string literal":   `{"query": "{ a(b: \"` + secret + `"}`,
		"a bad escape":            `{"query": "{ a(b: \"\\\\q` + secret + `\") }"}`,
		"a bad Unicode escape":    `{"query": "{ a(b: \"\\\\uZZZZ` + secret + `\") }"}`,
		"single quotes":           `{"query": "{ a(b: '` + secret + `') }"}`,
		"a string for a boolean":  `{"query": "mutation { updateUser(input: {id: \"x\", isActive: \"` + secret + `\"}) { errors { code } } }"}`,
		"a name for a string":     `{"query": "mutation { updateUser(input: {id: \"x\", password: ` + secret + `}) { errors { code } } }"}`,
		"a list for a string":     `{"query": "mutation { updateUser(input: {id: \"x\", password: [\"` + secret + `\"]}) { errors { code } } }"}`,
		"a string for an enum":    `{"query": "{ users(orderBy: {field: \"` + secret + `\"}) { totalCount } }"}`,
		"a string for an object":  `{"query": "{ users(orderBy: \"` + secret + `\") { totalCount } }"}`,
		"an enum in variables":    `{"query": "query ($o: UserOrder) { users(orderBy: $o) { totalCount } }", "variables": {"o": {"field": "` + secret + `"}}}`,
		"an object in variables":  `{"query": "query ($o: UserOrder) { users(orderBy: $o) { totalCount } }", "variables": {"o": "` + secret + `"}}`,
		"an Int in variables":     `{"query": "query ($n: Int) { users(first: $n) { totalCount } }", "variables": {"n": "` + secret + `"}}`,
		"an address":              `{"query": "{ userByEmail(email: \"` + secret + `\") { id } }"}`,
		"an id":                   `{"query": "{ user(id: \"` + secret + `\") { id } }"}`,
		"a cursor":                `{"query": "{ users(after: \"` + secret + `\") { totalCount } }"}`,
		"an operation's name":     `{"query": "query A { __typename }", "operationName": "` + secret + `"}`,
		"a refused password":      `{"query": "mutation { setUserPassword(input: {id: \"` + id(9) + `\", password: \"` + secret + `\"}) { errors { code message } } }"}`,
		"a persisted query's sum": `{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "` + secret + `"}}}`,
	} {
		a := f.send(http.MethodPost, body, accepting(graphqlType))
		if strings.Contains(a.body, secret) || strings.Contains(f.log.String(), secret) {
			t.Errorf("%s: %s", name, a.body)
		}
		if !strings.Contains(a.body, `"errors":[{`) {
			t.Errorf("%s is no mistake: %s", name, a.body)
		}
	}
}

func TestAccessLogNamesTheRoute(t *testing.T) {
	f := newFixture(t)
	f.sendTo(f.url+"/?query={__typename}", http.MethodGet, "", nil)
	if !strings.Contains(f.log.String(), `"route":"/graphql","status":200`) {
		t.Error(f.log.String())
	}
}

// TestBodyThatDoesNotCome: a body that is announced and not sent is not waited
// for without end.
func TestBodyThatDoesNotCome(t *testing.T) {
	for name, c := range map[string]struct {
		timeout time.Duration
		hangUp  bool
		status  string
	}{
		"it takes too long":     {500 * time.Millisecond, false, "408"},
		"it ends in the middle": {0, true, "400"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, setup{readTimeout: c.timeout})
			conn, err := net.Dial("tcp", f.server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
			if c.hangUp {
				if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil || !strings.Contains(line, c.status) {
				t.Errorf("%q, %v", line, err)
			}
		})
	}
}
