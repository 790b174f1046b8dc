package rest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

// pageRoutes are the routes that openapi.yaml leaves out: they are for people
// with browsers.
var pageRoutes = []string{
	"GET /", "GET /playground", "GET /docs", "GET /redoc", "GET /assets/*",
	"GET /console", "GET /console/import", "GET /console/keys", "GET /console/users/{id}", "GET /console/assets/*",
}

func TestDocumentHasExactlyTheRoutes(t *testing.T) {
	routes := slices.Clone(pageRoutes)
	for path, item := range contract().doc.Paths.Map() {
		for method := range item.Operations() {
			routes = append(routes, method+" "+path)
		}
	}
	slices.Sort(routes)
	if diff := gocmp.Diff(routes, servedRoutes(t, Config{})); diff != "" {
		t.Errorf("-documented +served:\n%s", diff)
	}
	routes = append(routes, "POST /test/reset") // the only one that a service for tests has beside
	slices.Sort(routes)
	if diff := gocmp.Diff(routes, servedRoutes(t, Config{Restore: func() error { return nil }})); diff != "" {
		t.Errorf("for tests: -documented +served:\n%s", diff)
	}
}

func servedRoutes(t *testing.T, c Config) (routes []string) {
	err := chi.Walk(newRouter(newService(newStore(t)), c),
		func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
			routes = append(routes, method+" "+route)
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(routes)
	return routes
}

func TestDocumentHasExactlyTheCodes(t *testing.T) {
	codes := slices.Collect(maps.Keys(kinds))
	fieldCodes := append(service.FieldCodes(), service.FieldCode(service.CodeEmailTaken))
	for schema, want := range map[string][]string{"ErrorCode": texts(codes), "FieldErrorCode": texts(fieldCodes)} {
		if diff := gocmp.Diff(want, documentedEnum(schema)); diff != "" {
			t.Errorf("%s: -served +documented:\n%s", schema, diff)
		}
	}
	for _, code := range codes {
		if !strings.Contains(contract().doc.Info.Description, "\n## "+string(code)+"\n") {
			t.Errorf("the chapter Errors has no section %s, which problems' type leads to", code)
		}
	}
	for _, code := range fieldCodes {
		if !strings.Contains(contract().doc.Components.Schemas["FieldErrorCode"].Value.Description, "\n- `"+string(code)+"`: ") {
			t.Errorf("FieldErrorCode does not describe %s", code)
		}
	}
}

// What is for those who say who they are is limited for each of them.
func TestDocumentTellsOfLimits(t *testing.T) {
	for path, item := range contract().doc.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.Responses.Value("401") != nil && operation.Responses.Value("429") == nil {
				t.Errorf("%s %s has no 429", method, path)
			}
		}
	}
}

func TestDocumentHasExactlyTheFields(t *testing.T) {
	for schema, f := range map[string]form{
		"CreateUser": createForm, "BatchUser": batchForm, "ReplaceUser": replaceForm, "UpdateUser": patchForm,
		"UpdateUserEmail": emailForm, "SetUserPassword": passwordForm, "VerifyPassword": credentialsForm,
		"SignIn": signInForm, "RefreshSession": refreshForm,
		"TokenRecipient": recipientForm, "PasswordReset": passwordResetForm, "EmailConfirmation": confirmationForm,
	} {
		documented := contract().doc.Components.Schemas[schema].Value
		if diff := gocmp.Diff(texts(f.fields), slices.Sorted(maps.Keys(documented.Properties))); diff != "" {
			t.Errorf("%s: -taken +documented:\n%s", schema, diff)
		}
		if diff := gocmp.Diff(texts(f.required), texts(documented.Required)); diff != "" {
			t.Errorf("%s: -required +documented as required:\n%s", schema, diff)
		}
	}
}

func TestDocumentHasExactlyTheParameters(t *testing.T) {
	for path, taken := range map[string][]string{
		"/users":   texts(slices.Collect(maps.Keys(listParameters))),
		"/changes": texts(slices.Collect(maps.Keys(changesParameters))),
	} {
		var documented []string
		for _, p := range contract().doc.Paths.Value(path).Get.Parameters {
			if p.Value.In == "query" {
				documented = append(documented, p.Value.Name)
			}
		}
		slices.Sort(documented)
		if diff := gocmp.Diff(taken, documented); diff != "" {
			t.Errorf("%s: -taken +documented:\n%s", path, diff)
		}
	}
}

// Each example is a problem as it is served: same title, status and type.
func TestDocumentExamplesOfProblems(t *testing.T) {
	for name, response := range contract().doc.Components.Responses {
		media := response.Value.Content["application/problem+json"]
		if media == nil {
			continue
		}
		for _, example := range media.Examples {
			var p problem
			raw, err := json.Marshal(example.Value.Value)
			if err == nil {
				err = json.Unmarshal(raw, &p)
			}
			k := kinds[p.Code]
			if err != nil || p.Title != k.title || p.Type != problemType+string(p.Code) || p.Status != k.status && p.Status != 400 {
				t.Errorf("%s: %+v, want %+v (%v)", name, p, k, err)
			}
		}
	}
}

// The defaults and bounds that the document tells are the service's.
func TestDocumentLimits(t *testing.T) {
	limit := contract().doc.Components.Parameters["Limit"].Value.Schema.Value
	if *limit.Max != service.MaxPageSize || limit.Default != float64(service.DefaultPageSize) {
		t.Errorf("limit is documented as at most %v, by default %v", *limit.Max, limit.Default)
	}
	var orders []string
	for _, f := range service.OrderFields() {
		orders = append(orders, string(f), "-"+string(f))
	}
	slices.Sort(orders)
	sort := contract().doc.Components.Parameters["Sort"].Value.Schema.Value
	if diff := gocmp.Diff(orders, anyTexts(sort.Enum)); diff != "" {
		t.Errorf("sort: -taken +documented:\n%s", diff)
	}
}

// TestContractCheckHasTeeth shows that checkContract finds untruths.
func TestContractCheckHasTeeth(t *testing.T) {
	good := http.Header{
		"Content-Type": {"application/json"}, "X-Request-Id": {"1"}, "Cache-Control": {"no-store"},
	}
	with := func(name, value string) http.Header {
		h := good.Clone()
		h.Set(name, value)
		return h
	}
	without := func(name string) http.Header {
		h := good.Clone()
		h.Del(name)
		return h
	}
	for name, p := range map[string]*reply{
		"undocumented status":   {status: 418, header: good, body: `{"status":"alive"}`},
		"undocumented member":   {status: 200, header: good, body: `{"status":"alive","hash":"x"}`},
		"missing member":        {status: 200, header: good, body: `{}`},
		"wrong value":           {status: 200, header: good, body: `{"status":"dead"}`},
		"undocumented header":   {status: 200, header: with("ETag", `"1"`), body: `{"status":"alive"}`},
		"missing header":        {status: 200, header: without("X-Request-Id"), body: `{"status":"alive"}`},
		"another content type":  {status: 200, header: with("Content-Type", "text/html"), body: `{"status":"alive"}`},
		"not JSON":              {status: 200, header: good, body: `{`},
		"a header's wrong form": {status: 200, header: with("X-Request-Id", "a b"), body: `{"status":"alive"}`},
	} {
		if err := contract().check(httptest.NewRequest("GET", "/livez", nil), "", p); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	r := httptest.NewRequest("GET", "/livez", nil)
	if err := contract().check(r, "", &reply{status: 200, header: good, body: `{"status":"alive"}`}); err != nil {
		t.Error(err)
	}
	r = httptest.NewRequest("GET", "/users?limit=0", nil)
	h := with("Link", "")
	h.Set("Cache-Control", "private, no-cache")
	if err := contract().check(r, "", &reply{status: 200, header: h, body: `[]`}); err == nil {
		t.Error("a request against the document that is served: no error")
	}
}

// checkContract fails t when an exchange is not as openapi.yaml says.
func checkContract(t *testing.T, r *http.Request, body string, p *reply) {
	t.Helper()
	if err := contract().check(r, body, p); err != nil {
		t.Errorf("%s, status %d, is not as openapi.yaml says: %v", p.what, p.status, err)
	}
}

// openAPI is openapi.yaml, ready to check exchanges.
type openAPI struct {
	doc    *openapi3.T
	routes routers.Router
}

var contract = sync.OnceValue(func() openAPI {
	doc, err := openapi3.NewLoader().LoadFromData(openAPIYAML)
	if err != nil {
		panic(err)
	}
	if err := doc.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		panic(err)
	}
	closeResponses(doc)
	routes, err := gorillamux.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return openAPI{doc, routes}
})

// closeResponses makes the check refuse members that the document does not
// name. Clients must not, so the document itself leaves responses open.
func closeResponses(doc *openapi3.T) {
	no := false
	for _, name := range []string{"User", "Problem", "FieldProblem", "Health", "Liveness", "Readiness", "Key", "Grant", "Session", "JWK", "JWKSet", "OneTimeToken"} {
		doc.Components.Schemas[name].Value.AdditionalProperties.Has = &no
	}
}

func (c openAPI) check(r *http.Request, body string, p *reply) error {
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(strings.NewReader(body))
	r.URL.Path = strings.TrimSuffix(r.URL.Path, "/")
	if r.Method == http.MethodHead {
		r.Method = http.MethodGet
	}
	route, parameters, err := c.routes.FindRoute(r)
	if err != nil {
		return c.checkOther(p)
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	if p.status < 400 {
		if err := openapi3filter.ValidateRequest(r.Context(), in); (err != nil) != p.amiss {
			return cmp.Or(err, errors.New("the request is as the document says"))
		}
	}
	return c.checkReply(r, in, p)
}

// checkOther checks the answer to what is no operation: a page, the methods
// of a path, or a problem.
func (c openAPI) checkOther(p *reply) error {
	if p.status < 400 || p.body == "" {
		return nil
	}
	var v any
	if err := json.Unmarshal([]byte(p.body), &v); err != nil {
		return err
	}
	return c.doc.Components.Schemas["Problem"].Value.VisitJSON(v, openapi3.EnableJSONSchema2020())
}

func (c openAPI) checkReply(r *http.Request, in *openapi3filter.RequestValidationInput, p *reply) error {
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: p.status, Header: p.header,
		Body:    io.NopCloser(bytes.NewReader([]byte(p.body))),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: strings.HasPrefix(p.what, "HEAD ")},
	}
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		return err
	}
	documented := in.Route.Operation.Responses.Status(p.status)
	if documented == nil { // ValidateResponse does not look at 304
		return &openapi3filter.ResponseError{Reason: "status is not documented"}
	}
	for name := range p.header {
		if !slices.Contains(ordinaryHeaders, name) && !hasFold(documented.Value.Headers, name) {
			return &openapi3filter.ResponseError{Reason: "header " + name + " is not documented"}
		}
	}
	return nil
}

// ordinaryHeaders belong to every answer and need no documentation.
var ordinaryHeaders = []string{"Content-Type", "Content-Length", "Date", "X-Content-Type-Options", "Connection"}

// hasFold tells whether headers has name in any case: the document writes
// ETag, net/http Etag.
func hasFold(headers openapi3.Headers, name string) bool {
	for documented := range headers {
		if strings.EqualFold(documented, name) {
			return true
		}
	}
	return false
}

func documentedEnum(schema string) []string {
	return anyTexts(contract().doc.Components.Schemas[schema].Value.Enum)
}

func anyTexts(values []any) []string {
	var list []string
	for _, v := range values {
		list = append(list, v.(string))
	}
	slices.Sort(list)
	return list
}

func texts[T ~string](values []T) []string {
	var list []string
	for _, v := range values {
		list = append(list, string(v))
	}
	slices.Sort(list)
	return list
}
