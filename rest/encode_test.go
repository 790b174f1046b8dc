package rest

import (
	"bytes"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

func someUser() *service.User {
	return &service.User{
		ID: uuid.MustParse(nobody), Email: "a@example.com", FirstName: "Ada", LastName: "L", IsActive: true, Version: 3,
		EmailVerifiedAt: time.Date(2026, 1, 31, 23, 59, 59, 999999000, time.FixedZone("", -3600)),
		CreatedAt:       time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
		UpdatedAt:       time.Date(2026, 11, 12, 13, 14, 15, 120000000, time.FixedZone("", 3600)),
	}
}

func TestAppendUser(t *testing.T) {
	want := `{"id":"01890a5d-ac96-774b-bcce-b302099a8057","email":"a@example.com","email_verified_at":"2026-02-01T00:59:59.999999Z","first_name":"Ada","last_name":"L",` +
		`"is_active":true,"version":3,"created_at":"2026-01-02T03:04:05.000006Z","updated_at":"2026-11-12T12:14:15.120000Z"}`
	if got := string(appendUser(nil, someUser())); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	unverified := someUser()
	unverified.EmailVerifiedAt = time.Time{}
	if got := string(appendUser(nil, unverified)); !strings.Contains(got, `"email_verified_at":null,`) {
		t.Errorf("without a verification: %s", got)
	}
	odd := someUser()
	odd.FirstName, odd.LastName = "\"\\/\u2028<&>\t\x00😀", "\xff"
	if got := appendUser(nil, odd); !jsontext.Value(got).IsValid() {
		t.Errorf("%s is not JSON", got)
	}
}

// Each field of a user is in its JSON, in the same order under its snake_case
// name, and with its own value.
func TestAppendUserIsInStepWithUser(t *testing.T) {
	var names []string
	typ := reflect.TypeFor[service.User]()
	for i := range typ.NumField() {
		names = append(names, snakeCase(typ.Field(i).Name))
	}
	if diff := cmp.Diff(names, memberNames(t, appendUser(nil, someUser()))); diff != "" {
		t.Errorf("-fields +members:\n%s", diff)
	}
	before := string(appendUser(nil, someUser()))
	for i := range typ.NumField() {
		u := someUser()
		reflect.ValueOf(u).Elem().Field(i).SetZero()
		if string(appendUser(nil, u)) == before {
			t.Errorf("%s makes no difference", typ.Field(i).Name)
		}
	}
}

func snakeCase(name string) string {
	if name == strings.ToUpper(name) {
		return strings.ToLower(name)
	}
	return strings.ToLower(regexp.MustCompile(`(.)([A-Z])`).ReplaceAllString(name, "${1}_$2"))
}

func memberNames(t *testing.T, object []byte) (names []string) {
	dec := jsontext.NewDecoder(bytes.NewReader(object))
	for {
		token, err := dec.ReadToken()
		if err == io.EOF {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		if kind, n := dec.StackIndex(dec.StackDepth()); kind == '{' && n%2 == 1 {
			names = append(names, token.String())
		}
	}
}

func TestAppendUserAllocatesNothing(t *testing.T) {
	u, b := someUser(), make([]byte, 0, 2*userSize)
	if n := testing.AllocsPerRun(100, func() { b = appendUser(b[:0], u) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if len(b) > userSize {
		t.Errorf("a short user takes %d bytes, more than is set aside", len(b))
	}
}

func BenchmarkAppendUser(b *testing.B) {
	u, buf := someUser(), make([]byte, 0, 2*userSize)
	b.ReportAllocs()
	for b.Loop() {
		buf = appendUser(buf[:0], u)
	}
}
