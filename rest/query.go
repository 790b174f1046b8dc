package rest

import (
	"cmp"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/userd/userd/service"
)

// query is the query of a request, with what is wrong with it.
type query struct {
	given url.Values // well-formed parameters, for links
	wrong mistakes
}

// parameters set what a query's parameters say in a T; the message says what is
// wrong with a value, if the service will not.
type parameters[T any] map[service.Field]func(target T, value string) (message string)

// parseQuery sets what the query's parameters say in target.
func parseQuery[T any](raw string, target T, known parameters[T]) query {
	q := query{given: url.Values{}}
	values, err := url.ParseQuery(raw)
	if err != nil {
		q.wrong.invalid("", "The query is not of the form name=value&name=value with %-escapes.")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		field, value := service.Field(name), values[name][0]
		set := known[field]
		switch {
		case set == nil:
			q.wrong.unknownName(name, "There is no such parameter.")
		case len(values[name]) > 1:
			q.wrong.invalid(field, "This parameter can be given only once.")
		default:
			if message := set(target, value); message != "" {
				q.wrong.invalid(field, message)
			}
			q.given.Set(name, strings.TrimSpace(value)) // as the service reads it
		}
	}
	return q
}

// renamed puts the parameters' names in place of the service's.
func renamed(err error, names map[service.Field]service.Field) error {
	e, ok := errors.AsType[*service.InvalidInputError](err)
	if !ok {
		return err
	}
	fields := slices.Clone(e.Fields)
	for i, f := range fields {
		fields[i].Field = cmp.Or(names[f.Field], f.Field)
	}
	return &service.InvalidInputError{Fields: fields}
}

// setLimit takes any whole number: which of them there are pages of is the
// service's to say.
func setLimit(limit **int, value string) string {
	n, err := strconv.Atoi(value)
	if err != nil && !errors.Is(err, strconv.ErrRange) || value[0] == '+' {
		return "This parameter must be a whole number."
	}
	*limit = &n
	return ""
}

// link is one link of a Link header (RFC 8288).
func link(path string, query url.Values, rel string) string {
	target := url.URL{Path: path, RawQuery: query.Encode()}
	return "<" + target.String() + `>; rel="` + rel + `"`
}
