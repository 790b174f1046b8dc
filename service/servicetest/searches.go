package servicetest

import (
	"strings"

	"github.com/userd/userd/service"
)

// SearchCase is what somebody types to search for users.
type SearchCase struct {
	// Name says what the case is about; it is unique.
	Name string
	// In is what is typed.
	In string
	// Prefix is what keys must start with to be found, if the search is accepted.
	Prefix string
	// Code is what is wrong with a search that is refused, otherwise empty.
	Code service.FieldCode
}

// Searches are the rules for the filter's Query.
func Searches() []SearchCase {
	accepted := func(name, in, prefix string) SearchCase { return SearchCase{Name: name, In: in, Prefix: prefix} }
	refused := func(name, in string, code service.FieldCode) SearchCase {
		return SearchCase{Name: name, In: in, Code: code}
	}
	return []SearchCase{
		accepted("one letter", "a", "a"),
		accepted("upper case", "ADA", "ada"),
		accepted("spaces around are trimmed", " ada\t", "ada"),
		accepted("spaces inside stay", "Mary A", "mary a"),
		accepted("wildcards are letters like others", `%_\`, `%_\`),
		accepted("start of an address", "Ada@Ex", "ada@ex"),
		accepted("whole address", "ADA@Example.COM", "ada@example.com"),
		accepted("whole address with a domain in punycode", "Ada@xn--bcher-kva.example", "ada@bücher.example"),
		accepted("whole address with an ideographic full stop", "ada@例え。jp", "ada@例え.jp"),
		accepted("start of a domain in punycode is text", "ada@xn--bcher", "ada@xn--bcher"),
		accepted("no address", "ada@-", "ada@-"),
		accepted("accents", "ZOË", "zoë"),
		accepted("decomposed accents", "zoe\u0308", "zoë"),
		accepted("fullwidth", "Ａｄａ", "ada"),
		accepted("capital sharp s", "GROẞ", "groß"),
		accepted("zero width joiner", "ශ්\u200dර", "ශ්\u200dර"),
		accepted("254 characters", strings.Repeat("é", 254), strings.Repeat("é", 254)),

		refused("empty", "", service.FieldRequired),
		refused("spaces only", " \u3000\t", service.FieldRequired),
		refused("255 characters", strings.Repeat("a", 255), service.FieldTooLong),
		refused("NUL", "a\x00", service.FieldForbiddenCharacter),
		refused("line feed inside", "a\nb", service.FieldForbiddenCharacter),
		refused("right-to-left override", "a\u202eb", service.FieldForbiddenCharacter),
		refused("replacement character", "a\ufffd", service.FieldForbiddenCharacter),
		refused("invalid UTF-8", "a\xff", service.FieldInvalid),
	}
}

// FilterCase is a filter and what is wrong with it.
type FilterCase struct {
	// Name says what the case is about; it is unique.
	Name string
	// Filter is the filter as the transports hand it over.
	Filter service.Optional[service.FilterInput]
	// Wrong has the mistake of each field that has one; it is nil for a filter
	// that is accepted.
	Wrong map[service.Field]service.FieldCode
}

// Filters are the rules for filters.
func Filters() []FilterCase {
	accepted := func(name string, f service.FilterInput) FilterCase {
		return FilterCase{Name: name, Filter: service.Some(f)}
	}
	refused := func(name string, f service.FilterInput, wrong map[service.Field]service.FieldCode) FilterCase {
		return FilterCase{Name: name, Filter: service.Some(f), Wrong: wrong}
	}
	type fields = map[service.Field]service.FieldCode
	text, flag := service.Some[string], service.Some[bool]
	return []FilterCase{
		{Name: "absent: all users"},
		{Name: "null is as absent", Filter: service.Null[service.FilterInput]()},
		accepted("email", service.FilterInput{Email: text(" Ada@Example.com ")}),
		accepted("query", service.FilterInput{Query: text("ada")}),
		accepted("active", service.FilterInput{IsActive: flag(true)}),
		accepted("inactive", service.FilterInput{IsActive: flag(false)}),
		accepted("all together", service.FilterInput{Email: text("ada@example.com"), Query: text("ada"), IsActive: flag(true)}),

		refused("empty", service.FilterInput{}, fields{service.FieldFilter: service.FieldRequired}),
		refused("null email", service.FilterInput{Email: service.Null[string]()}, fields{service.FieldEmail: service.FieldRequired}),
		refused("null query", service.FilterInput{Query: service.Null[string]()}, fields{service.FieldQuery: service.FieldRequired}),
		refused("null active", service.FilterInput{IsActive: service.Null[bool]()}, fields{service.FieldIsActive: service.FieldRequired}),
		refused("null beside a value", service.FilterInput{Email: service.Null[string](), Query: text("ada")}, fields{service.FieldEmail: service.FieldRequired}),
		refused("empty email", service.FilterInput{Email: text("")}, fields{service.FieldEmail: service.FieldRequired}),
		refused("part of an address", service.FilterInput{Email: text("ada@")}, fields{service.FieldEmail: service.FieldInvalid}),
		refused("empty query", service.FilterInput{Query: text(" ")}, fields{service.FieldQuery: service.FieldRequired}),
		refused("long query", service.FilterInput{Query: text(strings.Repeat("a", 255))}, fields{service.FieldQuery: service.FieldTooLong}),
		refused("several mistakes", service.FilterInput{Email: text("ada"), Query: text("\x00a"), IsActive: service.Null[bool]()}, fields{
			service.FieldEmail: service.FieldInvalid, service.FieldQuery: service.FieldForbiddenCharacter, service.FieldIsActive: service.FieldRequired,
		}),
	}
}
