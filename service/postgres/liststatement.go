package postgres

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/userd/userd/service"
)

// statement is a query under construction. Its text depends on the shape of
// what is asked for alone, so that there are few and the server can keep their
// plans; values are arguments.
type statement struct {
	b       strings.Builder
	args    []any
	columns string // of users that are read
}

// listing is an empty statement that reads users with their keys.
func listing() *statement { return &statement{columns: keyedColumns} }

func (s *statement) text() string { return s.b.String() }

func (s *statement) add(parts ...string) {
	for _, part := range parts {
		s.b.WriteString(part)
	}
}

// arg adds an argument and returns how the text refers to it.
func (s *statement) arg(v any) string {
	s.args = append(s.args, v)
	return "$" + strconv.Itoa(len(s.args))
}

// orderColumn is the column that an order is by.
func orderColumn(f service.OrderField) string {
	switch f {
	case service.OrderByEmail:
		return "email_key"
	case service.OrderByLastName:
		return "last_name_key"
	default:
		return "created_at"
	}
}

// order is q's ORDER BY. E-mail keys are unique, so that their order needs no id.
func order(o service.Order) string {
	columns := []string{orderColumn(o.Field), "id"}
	if o.Field == service.OrderByEmail {
		columns = columns[:1]
	}
	direction := ""
	if o.Descending {
		direction = " DESC"
	}
	return " ORDER BY " + strings.Join(columns, direction+", ") + direction
}

// bounds adds the conditions that q.After and q.Before are.
func (s *statement) bounds(q service.ListQuery) {
	after, before := " > ", " < "
	if q.Order.Descending {
		after, before = before, after
	}
	s.bound(q, q.After, after)
	s.bound(q, q.Before, before)
}

func (s *statement) bound(q service.ListQuery, p *service.Position, operator string) {
	if p == nil {
		return
	}
	column := orderColumn(q.Order.Field)
	value := any(p.Key)
	if column == "created_at" {
		value = p.At
	}
	s.add(" AND (", column, ", id)", operator, "(", s.arg(value), ", ", s.arg([16]byte(p.ID)), ")")
}

// byEmail is the query for the one user with q's e-mail key.
func (s *statement) byEmail(q service.ListQuery) *statement {
	s.add("SELECT ", s.columns, " FROM userd_users WHERE email_key = ", s.arg(q.Filter.EmailKey))
	if q.Filter.IsActive != nil {
		s.add(" AND is_active = ", strconv.FormatBool(*q.Filter.IsActive))
	}
	if q.Filter.Prefix != "" {
		s.add(" AND ")
		s.startsWith(q.Filter.Prefix)
	}
	s.bounds(q)
	return s
}

// walk is the query for q's users in their order, whatever their prefix.
func (s *statement) walk(q service.ListQuery, limit int) *statement {
	actives := []*bool{q.Filter.IsActive}
	if q.Filter.IsActive == nil && q.Order.Field != service.OrderByEmail {
		actives = []*bool{new(true), new(false)}
	}
	between := "SELECT * FROM (("
	for _, active := range actives {
		s.add(between)
		s.branch(q, active, limit)
		between = ") UNION ALL ("
	}
	s.add(")) users", order(q.Order), " LIMIT ", s.arg(limit))
	return s
}

// branch is the part of a walk that one index answers.
func (s *statement) branch(q service.ListQuery, active *bool, limit int) {
	s.add("SELECT ", s.columns, " FROM userd_users WHERE ")
	if active == nil {
		s.add("true")
	} else {
		s.add("is_active = ", strconv.FormatBool(*active))
	}
	s.bounds(q)
	s.add(order(q.Order), " LIMIT ", knownLimit(limit))
}

// knownLimit is a limit that the server knows when it makes a plan for any
// arguments: n, rounded up to a power of two, so that there are few. Of a limit
// that is an argument the server expects a tenth of all users. Among many it
// takes a plan for that to be so dear that it makes one anew each time, which
// takes longer than to carry it out.
func knownLimit(n int) string { return strconv.Itoa(1 << bits.Len(uint(n-1))) } // #nosec G115 -- limits are positive

// pick is the query for those of the first users of a walk that have the prefix.
func (s *statement) pick(q service.ListQuery) *statement {
	s.add("SELECT * FROM (")
	s.walk(q, maxWalk)
	s.add(") users WHERE ")
	s.startsWith(q.Filter.Prefix)
	s.add(order(q.Order), " LIMIT ", s.arg(q.Limit))
	return s
}

// gather is the query for the users with the prefix that looks up all of them.
func (s *statement) gather(q service.ListQuery) *statement {
	s.add("SELECT ", s.columns, " FROM userd_users WHERE id IN (")
	s.matches(q.Filter, true)
	s.add(")")
	s.bounds(q)
	s.add(order(q.Order), " LIMIT ", s.arg(q.Limit))
	return s
}

// matches is the query for the ids of the users that f's prefix selects: each
// once, or as often as it has the prefix.
func (s *statement) matches(f service.Filter, once bool) *statement {
	selected := []bool{true, false}
	if f.IsActive != nil {
		selected = []bool{*f.IsActive}
	}
	union := " UNION ALL "
	if once {
		union = " UNION "
	}
	first, end := s.prefixArgs(f.Prefix)
	between := ""
	for _, active := range selected {
		for _, key := range searchedKeys {
			s.add(between, "SELECT id FROM userd_users WHERE is_active = ", strconv.FormatBool(active), " AND ", inRange(key, first, end))
			between = union
		}
	}
	return s
}

var searchedKeys = []string{"email_key", "first_name_key", "last_name_key"}

// startsWith adds the condition that one of the searched keys has the prefix.
func (s *statement) startsWith(prefix string) {
	first, end := s.prefixArgs(prefix)
	conditions := make([]string, len(searchedKeys))
	for i, key := range searchedKeys {
		conditions[i] = inRange(key, first, end)
	}
	s.add("(", strings.Join(conditions, " OR "), ")")
}

// prefixArgs adds the bounds of what starts with prefix; there is no upper one
// when nothing sorts behind all of it.
func (s *statement) prefixArgs(prefix string) (first, end string) {
	first = s.arg(prefix)
	if p := prefixEnd(prefix); p != "" {
		end = s.arg(p)
	}
	return first, end
}

func inRange(key, first, end string) string {
	if end == "" {
		return key + " >= " + first
	}
	return "(" + key + " >= " + first + " AND " + key + " < " + end + ")"
}

// prefixEnd is the least text that sorts, byte by byte, behind all that start
// with prefix, or "" when there is none: the prefix with its last character
// replaced by the next one.
func prefixEnd(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case last == utf8.MaxRune:
			continue
		case last+1 == 0xD800: // surrogates are no characters
			return prefix + "\uE000"
		}
		return prefix + string(last+1)
	}
	return ""
}
