package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/userd/userd/internal/telemetry"
	"github.com/userd/userd/internal/teststore"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/servicetest"
)

// values are an input's or a user's fields by their snake_case names.
type values map[string]any

// outcome is what a call came to, in words that both transports share.
type outcome struct {
	// Code is the error's, or "".
	Code string
	// Fields are the wrong ones with their codes, as "field CODE", sorted.
	Fields []string
	// Users are those that were returned, without ids and times.
	Users []values
	// ids are the users' ids.
	ids []string
}

// api is one of the two transports.
type api interface {
	create(t *testing.T, in values) outcome
	update(t *testing.T, id string, in values) outcome
	list(t *testing.T, filter values, order string, size any) outcome
}

// transports are both, each in front of a service of its own.
func transports(t *testing.T) map[string]api {
	return map[string]api{"REST": restAPI{newServer(t)}, "GraphQL": graphAPI{newServer(t)}}
}

// newServer serves a new service that hashes cheaply.
func newServer(t *testing.T) string {
	svc := service.New(teststore.Open(t, 0), service.Config{Argon2: service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1}})
	return serveHandler(t, svc, 1<<24) // some cases are very long
}

// serveHandler serves what the program serves on svc, and returns its URL.
func serveHandler(t *testing.T, svc *service.Service, maxBody int64) string {
	t.Helper()
	settings := serveCmd{connectionSettings: connectionSettings{MaxBodyBytes: maxBody}, accessSettings: accessSettings{Docs: true, Introspection: true}}
	server := httptest.NewServer(settings.newHandler(svc, handlerConfig{log: slog.New(slog.DiscardHandler), drain: t.Context(),
		telemetry: telemetry.New("test", noop.NewTracerProvider())}))
	t.Cleanup(server.Close)
	return server.URL
}

// send sends a JSON body and decodes the JSON answer, if there is one.
func send(t *testing.T, method, url string, body any) (decoded any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &decoded); err != nil {
			t.Fatalf("%s: %v", answer, err)
		}
	}
	return decoded
}

// add notes a user that was returned.
func (o *outcome) add(user map[string]any) {
	o.ids = append(o.ids, user["id"].(string))
	o.Users = append(o.Users, values{
		"email": user["email"], "email_verified_at": user["email_verified_at"], "first_name": user["first_name"], "last_name": user["last_name"],
		"is_active": user["is_active"], "version": user["version"],
	})
}

// fail notes one wrong field.
func (o *outcome) fail(field, code any) {
	o.Fields = append(o.Fields, fmt.Sprint(field, " ", code))
	slices.Sort(o.Fields)
}

type restAPI struct{ base string }

func (a restAPI) create(t *testing.T, in values) outcome {
	return a.outcome(send(t, http.MethodPost, a.base+"/users", in))
}

func (a restAPI) update(t *testing.T, id string, in values) outcome {
	return a.outcome(send(t, http.MethodPatch, a.base+"/users/"+id, in))
}

func (a restAPI) list(t *testing.T, filter values, order string, size any) outcome {
	query := make(url.Values)
	for name, value := range filter {
		query.Set(name, fmt.Sprint(value))
	}
	if order != "" {
		query.Set("sort", order)
	}
	if size != nil {
		query.Set("limit", fmt.Sprint(size))
	}
	o := a.outcome(send(t, http.MethodGet, a.base+"/users?"+query.Encode(), nil))
	for i, f := range o.Fields {
		o.Fields[i] = strings.Replace(f, "limit ", "first ", 1) // REST's own word
	}
	return o
}

func (a restAPI) outcome(answer any) (o outcome) {
	switch answer := answer.(type) {
	case []any:
		for _, user := range answer {
			o.add(user.(map[string]any))
		}
	case map[string]any:
		if answer["code"] == nil {
			o.add(answer)
			break
		}
		o.Code = answer["code"].(string)
		errs, _ := answer["errors"].([]any)
		for _, e := range errs {
			e := e.(map[string]any)
			o.fail(e["field"], e["code"])
		}
	}
	return o
}

type graphAPI struct{ base string }

const graphUser = `{ id email email_verified_at: emailVerifiedAt first_name: firstName last_name: lastName is_active: isActive version }`

func (a graphAPI) create(t *testing.T, in values) outcome {
	return a.mutate(t, "createUser", "CreateUserInput", in)
}

func (a graphAPI) update(t *testing.T, id string, in values) outcome {
	withID := values{"id": id}
	for name, value := range in {
		withID[name] = value
	}
	return a.mutate(t, "updateUser", "UpdateUserInput", withID)
}

func (a graphAPI) mutate(t *testing.T, field, inputType string, in values) (o outcome) {
	data, errs := a.post(t, fmt.Sprintf(`mutation ($input: %s!) { m: %s(input: $input) { user %s errors { code field } } }`, inputType, field, graphUser),
		values{"input": camel(in)})
	if errs != nil {
		return a.failed(errs)
	}
	return a.payload(data["m"].(map[string]any))
}

// payload is the outcome that a mutation's payload tells.
func (a graphAPI) payload(payload map[string]any) (o outcome) {
	if user, ok := payload["user"].(map[string]any); ok {
		o.add(user)
	}
	for _, e := range payload["errors"].([]any) {
		e := e.(map[string]any)
		code := e["code"].(string)
		o.Code = code
		if slices.Contains(service.FieldCodes(), service.FieldCode(code)) {
			o.Code = string(service.CodeInvalidInput) // which GraphQL does not name beside the field's own
		}
		o.fail(snake(fmt.Sprint(e["field"])), code)
	}
	return o
}

func (a graphAPI) list(t *testing.T, filter values, order string, size any) (o outcome) {
	variables := values{"first": size}
	if filter != nil {
		if q, ok := filter["q"]; ok {
			filter = values{"email": filter["email"], "query": q, "is_active": filter["is_active"]}
			for name, value := range filter {
				if value == nil {
					delete(filter, name)
				}
			}
		}
		variables["filter"] = camel(filter)
	}
	if order != "" {
		by := values{"field": strings.ToUpper(strings.TrimPrefix(order, "-")), "direction": "ASC"}
		if strings.HasPrefix(order, "-") {
			by["direction"] = "DESC"
		}
		variables["order"] = by
	}
	if size == nil {
		delete(variables, "first")
	}
	data, errs := a.post(t, `query ($first: Int, $filter: UserFilter, $order: UserOrder) { users(first: $first, filter: $filter, orderBy: $order) { nodes `+graphUser+` } }`, variables)
	if errs != nil {
		return a.failed(errs)
	}
	for _, user := range data["users"].(map[string]any)["nodes"].([]any) {
		o.add(user.(map[string]any))
	}
	return o
}

func (a graphAPI) post(t *testing.T, query string, variables values) (data map[string]any, errs []any) {
	t.Helper()
	answer := send(t, http.MethodPost, a.base+"/graphql", values{"query": query, "variables": variables}).(map[string]any)
	data, _ = answer["data"].(map[string]any)
	errs, _ = answer["errors"].([]any)
	return data, errs
}

// failed is the outcome of a response with errors.
func (a graphAPI) failed(errs []any) (o outcome) {
	extensions := errs[0].(map[string]any)["extensions"].(map[string]any)
	o.Code = extensions["code"].(string)
	fields, _ := extensions["fields"].([]any)
	for _, f := range fields {
		f := f.(map[string]any)
		name := snake(fmt.Sprint(f["field"]))
		if name == "query" {
			name = "q" // GraphQL's own word
		}
		o.fail(name, f["code"])
	}
	return o
}

var camelNames = map[string]string{"first_name": "firstName", "last_name": "lastName", "is_active": "isActive", "user_id": "userId"}

func camel(in values) values {
	out := make(values)
	for name, value := range in {
		if camel, ok := camelNames[name]; ok {
			name = camel
		}
		out[name] = value
	}
	return out
}

func snake(name string) string {
	for snake, camel := range camelNames {
		if name == camel {
			return snake
		}
	}
	return name
}

// refusal is the outcome of an input with one wrong field.
func refusal(field service.Field, code service.FieldCode) outcome {
	return outcome{Code: string(service.CodeInvalidInput), Fields: []string{fmt.Sprint(field, " ", code)}}
}

// check compares what a transport answered, ids aside.
func check(t *testing.T, got, want outcome) {
	t.Helper()
	got.ids, want.ids = nil, nil
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

// ada is an input without mistakes.
func ada() values {
	return values{"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "password": "notes on the engine"}
}

// with is in with one field set.
func (in values) with(name string, value any) values {
	out := values{name: value}
	for n, v := range in {
		if n != name {
			out[n] = v
		}
	}
	return out
}

// one is the outcome that returns one user.
func one(version int, email, first, last any, active bool) outcome {
	return outcome{Users: []values{{"email": email, "email_verified_at": nil, "first_name": first, "last_name": last, "is_active": active, "version": float64(version)}}}
}

func TestBothTransportsKeepTheRulesForFields(t *testing.T) {
	for name, a := range transports(t) {
		t.Run(name, func(t *testing.T) {
			for _, c := range servicetest.Emails() {
				want := refusal(service.FieldEmail, c.Code)
				if c.OK() {
					want = one(1, c.Value(), "Ada", "Lovelace", true)
				}
				tryField(t, a, "email", c.Name, c.In, want)
			}
			for _, c := range servicetest.Names() {
				want := refusal(service.FieldFirstName, c.Code)
				if c.OK() {
					want = one(1, "ada@example.com", c.Value, "Lovelace", true)
				}
				tryField(t, a, "first_name", c.Name, c.In, want)
			}
			for _, c := range servicetest.Passwords() {
				want := refusal(service.FieldPassword, c.Code)
				if c.OK() {
					want = one(1, "ada@example.com", "Ada", "Lovelace", true)
				}
				tryField(t, a, "password", c.Name, c.In, want)
			}
		})
	}
}

// tryField creates ada with one field set, and removes her again.
func tryField(t *testing.T, a api, field, name, in string, want outcome) {
	if !utf8.ValidString(in) {
		return // JSON cannot say it; each transport's own tests send it raw
	}
	t.Run(field+" "+name, func(t *testing.T) {
		got := a.create(t, ada().with(field, in))
		check(t, got, want)
		for _, id := range got.ids {
			remove(t, a, id)
		}
	})
}

func remove(t *testing.T, a api, id string) {
	t.Helper()
	switch a := a.(type) {
	case restAPI:
		send(t, http.MethodDelete, a.base+"/users/"+id, nil)
	case graphAPI:
		a.post(t, `mutation ($id: ID!) { deleteUser(input: {id: $id}) { deletedUserId } }`, values{"id": id})
	}
}

func TestBothTransportsTellAbsentFromNullFromGiven(t *testing.T) {
	unchanged := one(1, "ada@example.com", "Ada", "Lovelace", true)
	for _, tt := range []struct {
		name string
		in   values
		want outcome
	}{
		{"nothing", values{}, unchanged},
		{"the same values", values{"email": "ada@example.com", "is_active": true}, unchanged},
		{"one name", values{"first_name": "Augusta"}, one(2, "ada@example.com", "Augusta", "Lovelace", true)},
		{"another spelling of the address", values{"email": "ADA@example.com"}, one(2, "ADA@example.com", "Ada", "Lovelace", true)},
		{"the flag", values{"is_active": false}, one(2, "ada@example.com", "Ada", "Lovelace", false)},
		{"the password", values{"password": "a much better one"}, one(2, "ada@example.com", "Ada", "Lovelace", true)},
		{"null e-mail", values{"email": nil}, refusal(service.FieldEmail, service.FieldRequired)},
		{"null first name", values{"first_name": nil}, refusal(service.FieldFirstName, service.FieldRequired)},
		{"null last name", values{"last_name": nil}, refusal(service.FieldLastName, service.FieldRequired)},
		{"null password", values{"password": nil}, refusal(service.FieldPassword, service.FieldRequired)},
		{"null flag", values{"is_active": nil}, refusal(service.FieldIsActive, service.FieldRequired)},
		{"a good and a null field", values{"first_name": "Augusta", "last_name": nil}, refusal(service.FieldLastName, service.FieldRequired)},
		{"the name as password", values{"password": "ada lovelace"}, refusal(service.FieldPassword, service.FieldPasswordIsPersonal)},
		{"NUL in a name", values{"first_name": "A\x00da"}, refusal(service.FieldFirstName, service.FieldForbiddenCharacter)},
		{"somebody else's address", values{"email": "BOB@example.com"},
			outcome{Code: "EMAIL_TAKEN", Fields: []string{"email EMAIL_TAKEN"}}},
		{"all wrong at once", values{"email": "ada", "first_name": "", "last_name": "\x01", "password": "short", "is_active": nil},
			outcome{Code: "INVALID_INPUT", Fields: []string{"email INVALID", "first_name REQUIRED", "is_active REQUIRED",
				"last_name FORBIDDEN_CHARACTER", "password TOO_SHORT"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, a := range transports(t) {
				t.Run(name, func(t *testing.T) {
					id := a.create(t, ada()).ids[0]
					a.create(t, ada().with("email", "bob@example.com"))
					check(t, a.update(t, id, tt.in), tt.want)
					if len(tt.want.Users) == 0 {
						check(t, a.update(t, id, values{}), unchanged)
					}
				})
			}
		})
	}
}

// Who was imported with a verified address keeps it until another one comes.
func TestBothTransportsShowVerifiedAddresses(t *testing.T) {
	const at = "2026-02-02T02:40:00.120000Z"
	svc := service.New(teststore.Open(t, 0), service.Config{})
	base := serveHandler(t, svc, 1<<20)
	for name, a := range map[string]api{"REST": restAPI{base}, "GraphQL": graphAPI{base}} {
		t.Run(name, func(t *testing.T) {
			email := name + "@example.com"
			results, err := svc.Import(t.Context(), []service.ImportInput{{
				UserInput:       service.UserInput{Email: service.Some(email), FirstName: service.Some("Ada"), LastName: service.Some("Lovelace")},
				EmailVerifiedAt: service.Some(at),
			}}, service.ImportOptions{})
			if err != nil || results[0].Err != nil {
				t.Fatal(results, err)
			}
			want := func(version int, email string, verified any) (o outcome) {
				o = one(version, email, "Ada", "Lovelace", true)
				o.Users[0]["email_verified_at"] = verified
				return o
			}
			found := a.list(t, values{"email": email}, "", nil)
			check(t, found, want(1, email, at))
			other := strings.ToUpper(email)
			check(t, a.update(t, found.ids[0], values{"email": other}), want(2, other, at))
			check(t, a.update(t, found.ids[0], values{"email": "new." + email}), want(3, "new."+email, nil))
			check(t, a.update(t, found.ids[0], values{"email": email}), want(4, email, nil))
		})
	}
}

func TestBothTransportsListAlike(t *testing.T) {
	people := []values{
		{"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "is_active": true},
		{"email": "lord@byron.example", "first_name": "George", "last_name": "Byron", "is_active": false},
		{"email": "zoë@example.com", "first_name": "Zoë", "last_name": "adams", "is_active": true},
		{"email": "charles@example.com", "first_name": "Charles", "last_name": "Babbage", "is_active": true},
	}
	listed := func(indexes ...int) (o outcome) {
		for _, i := range indexes {
			o.Users = append(o.Users, people[i].with("version", 1.0).with("email_verified_at", nil))
		}
		return o
	}
	apis := transports(t)
	for _, a := range apis {
		for _, p := range people {
			a.create(t, p.with("password", "notes on the engine"))
		}
	}
	for _, tt := range []struct {
		name   string
		filter values
		order  string
		size   any
		want   outcome
	}{
		{name: "all, oldest first", want: listed(0, 1, 2, 3)},
		{name: "newest first", order: "-created_at", want: listed(3, 2, 1, 0)},
		{name: "by e-mail", order: "email", want: listed(0, 3, 1, 2)},
		{name: "by last name, in any case", order: "last_name", want: listed(2, 3, 1, 0)},
		{name: "by last name, downwards", order: "-last_name", size: 2, want: listed(0, 1)},
		{name: "active", filter: values{"is_active": true}, want: listed(0, 2, 3)},
		{name: "inactive", filter: values{"is_active": false}, want: listed(1)},
		{name: "address", filter: values{"email": "ZOE\u0308@example.com"}, want: listed(2)},
		{name: "unknown address", filter: values{"email": "nobody@example.com"}, want: outcome{}},
		{name: "prefix of several fields", filter: values{"q": "Ada"}, want: listed(0, 2)},
		{name: "prefix and flag and order", filter: values{"q": "a", "is_active": true}, order: "-email", want: listed(2, 0)},
		{name: "contradiction", filter: values{"email": "ada@example.com", "is_active": false}, want: outcome{}},
		{name: "wildcards are text", filter: values{"q": "%"}, want: outcome{}},
		{name: "one", size: 1, want: listed(0)},
		{name: "page of none", size: 0, want: refusal(service.FieldFirst, service.FieldOutOfRange)},
		{name: "page too large", size: 201, want: refusal(service.FieldFirst, service.FieldOutOfRange)},
		{name: "empty address", filter: values{"email": ""}, want: refusal(service.FieldEmail, service.FieldRequired)},
		{name: "no address", filter: values{"email": "ada"}, want: refusal(service.FieldEmail, service.FieldInvalid)},
		{name: "empty prefix", filter: values{"q": ""}, want: refusal(service.FieldQuery, service.FieldRequired)},
		{name: "blank prefix", filter: values{"q": " "}, want: refusal(service.FieldQuery, service.FieldRequired)},
		{name: "prefix too long", filter: values{"q": strings.Repeat("a", 255)}, want: refusal(service.FieldQuery, service.FieldTooLong)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, a := range apis {
				t.Run(name, func(t *testing.T) { check(t, a.list(t, tt.filter, tt.order, tt.size), tt.want) })
			}
		})
	}
}
