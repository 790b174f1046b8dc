package model

import (
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

func written(m graphql.Marshaler) string {
	var b strings.Builder
	m.MarshalGQL(&b)
	return b.String()
}

func TestMarshal(t *testing.T) {
	id := uuid.MustParse("01900000-0000-7000-8000-000000000001")
	noon := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for want, m := range map[string]graphql.Marshaler{
		`"2026-01-31T12:00:00.000000Z"`:   MarshalDateTime(noon),
		`"2026-01-31T12:00:00.123456Z"`:   MarshalDateTime(noon.Add(123456789 * time.Nanosecond)),
		`"2026-01-31T11:00:00.000000Z"`:   MarshalDateTime(time.Date(2026, 1, 31, 12, 0, 0, 0, time.FixedZone("", 3600))),
		`"0001-01-01T00:00:00.000000Z"`:   MarshalDateTime(time.Time{}),
		`"` + id.String() + `"`:           MarshalUUID(id),
		`"` + uuid.Nil.String() + `"`:     MarshalUUID(uuid.Nil),
		`"a\"b@example.com"`:              MarshalEmailAddress(`a"b@example.com`),
		"\"jos\u00e9\u2028@example.com\"": MarshalEmailAddress("jos\u00e9\u2028@example.com"),
	} {
		if got := written(m); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestUnmarshalDateTime(t *testing.T) {
	got, err := UnmarshalDateTime("2026-01-31T13:00:00.5+01:00")
	if err != nil || !got.Equal(time.Date(2026, 1, 31, 12, 0, 0, 5e8, time.UTC)) || got.Location() != time.UTC {
		t.Errorf("got %v, %v", got, err)
	}
	for _, v := range []any{"", "2026-01-31", "2026-01-31 12:00:00Z", "now", nil, 5, int64(5), 5.5, true, time.Time{}} {
		if got, err := UnmarshalDateTime(v); err == nil {
			t.Errorf("%v is read as %v", v, got)
		}
	}
}

func TestUnmarshalEmailAddress(t *testing.T) {
	for _, s := range []string{"ada@example.com", "", "x"} {
		if got, err := UnmarshalEmailAddress(s); got != s || err != nil {
			t.Errorf("%q is read as %q, %v", s, got, err)
		}
	}
	for _, v := range []any{nil, 5, 5.5, true, []byte("x")} {
		if got, err := UnmarshalEmailAddress(v); err == nil {
			t.Errorf("%v is read as %v", v, got)
		}
	}
}

func TestUnmarshalUUIDIsNotForUse(t *testing.T) {
	if id, err := UnmarshalUUID(uuid.Nil.String()); err == nil {
		t.Errorf("got %v", id)
	}
}

func TestFieldsAreNotForInputs(t *testing.T) {
	if f, err := UnmarshalField("email"); err == nil {
		t.Errorf("got %v", f)
	}
	if got := written(MarshalField(service.FieldFirstName)); got != `"firstName"` {
		t.Errorf("got %s", got)
	}
}

func TestAppendUUID(t *testing.T) {
	id := uuid.MustParse("0123abcd-4567-89ef-0123-456789abcdef")
	if got, want := string(AppendUUID([]byte("x"), id)), "x"+written(graphql.MarshalString(id.String())); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestAppendString: as gqlgen writes texts.
func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "Ada", `"`, `\`, "a\"b\\c", "\t", "\n\r", "\x00\x1f ", "\x7f", "josé\u2028😀<&>", "\xff"} {
		if got, want := string(AppendString([]byte("x"), s)), "x"+written(graphql.MarshalString(s)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
