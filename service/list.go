package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Page sizes, in entries, unless the service is told to have smaller ones.
const (
	DefaultPageSize = 50
	MaxPageSize     = 200
)

// maxQueryRunes bounds the prefix that is searched for, in code points.
const maxQueryRunes = 254

// FilterInput says which users a list is to have; what is given is combined
// with "and". At least one field must be given.
type FilterInput struct {
	// Email selects the user with this address, in any spelling that counts as the same.
	Email Optional[string]
	// Query selects users whose first name, last name or e-mail address starts
	// with it, in any case.
	Query Optional[string]
	// IsActive selects users by whether they are active.
	IsActive Optional[bool]
}

// ListInput asks for one page of the list of users.
type ListInput struct {
	Filter Optional[FilterInput]
	Order  Order
	// First asks for the first users after After, Last for the last ones before
	// Before; both together are refused. With neither, First is
	// [DefaultPageSize]; the most is the service's page size.
	First, Last *int
	// After and Before are cursors that bound the list on either side.
	After, Before *string
}

// UserPage is one page of a list of users.
type UserPage struct {
	// Items are the page's users, in the list's order.
	Items []UserItem
	// HasNext tells whether more users follow; on a page asked for by Last it
	// tells whether Before was given.
	HasNext bool
	// HasPrevious tells whether users stand before these; on a page asked for
	// by First it tells whether After was given.
	HasPrevious bool
}

// UserItem is a user in a list.
type UserItem struct {
	KeyedUser
	orderBy OrderField
}

// Cursor returns the opaque text that stands for the item's place in the list.
// It stays good when the user is deleted.
func (i *UserItem) Cursor() string { return encodeCursor(i.orderBy, i.Position(i.orderBy)) }

// ListUsers returns one page of the list of users. It returns
// *[InvalidInputError] for an empty filter, a size out of range or a cursor of
// another list.
func (s *Service) ListUsers(ctx context.Context, in ListInput) (*UserPage, error) {
	if err := s.require(ctx, ScopeUsersRead); err != nil {
		return nil, err
	}
	q, err := s.parseList(in)
	if err != nil {
		return nil, err
	}
	size := q.Limit
	q.Limit++ // one more shows whether the list goes on
	backward := in.Last != nil
	if backward {
		q.Order.Descending = !q.Order.Descending
		q.After, q.Before = q.Before, q.After
	}
	users, err := s.store.ListUsers(ctx, q)
	if err != nil {
		return nil, err
	}
	page := &UserPage{HasPrevious: in.After != nil, HasNext: len(users) > size}
	page.Items = items(users[:min(size, len(users))], q.Order.Field)
	if backward {
		slices.Reverse(page.Items)
		page.HasPrevious, page.HasNext = page.HasNext, in.Before != nil
	}
	return page, nil
}

func items(users []KeyedUser, f OrderField) []UserItem {
	items := make([]UserItem, len(users))
	for i := range users {
		items[i] = UserItem{users[i], f}
	}
	return items
}

// CountUsers counts the users that filter selects, or all of them when it is
// absent. It returns *[InvalidInputError] for an empty filter.
func (s *Service) CountUsers(ctx context.Context, filter Optional[FilterInput]) (int, error) {
	if err := s.require(ctx, ScopeUsersRead); err != nil {
		return 0, err
	}
	var c checker
	f := c.filter(filter)
	if err := c.err(); err != nil {
		return 0, err
	}
	return s.store.CountUsers(ctx, f)
}

func (s *Service) parseList(in ListInput) (ListQuery, error) {
	var c checker
	q := ListQuery{Filter: c.filter(in.Filter), Order: c.order(in.Order), Limit: c.size(s.maxPageSize, in.First, in.Last)}
	q.After = c.cursor(FieldAfter, in.After, q.Order.Field)
	q.Before = c.cursor(FieldBefore, in.Before, q.Order.Field)
	return q, c.err()
}

func (c *checker) filter(in Optional[FilterInput]) Filter {
	f, ok := in.Get()
	if !ok {
		return Filter{}
	}
	if f.Email.IsAbsent() && f.Query.IsAbsent() && f.IsActive.IsAbsent() {
		c.add(FieldFilter, &problem{FieldRequired, "A filter names at least one field; leave it out to get all users."})
	}
	var out Filter
	if email := parseField(c, FieldEmail, false, f.Email, parseEmail); email != nil {
		out.EmailKey = email.Key
	}
	if prefix := parseField(c, FieldQuery, false, f.Query, parsePrefix); prefix != nil {
		out.Prefix = *prefix
	}
	out.IsActive = parseField(c, FieldIsActive, false, f.IsActive, anyBool)
	return out
}

// parsePrefix checks what is searched for and returns the prefix of keys that
// it means.
func parsePrefix(s string) (string, *problem) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", &problem{FieldRequired, "A search needs at least one character."}
	case utf8.RuneCountInString(s) > maxQueryRunes:
		return "", &problem{FieldTooLong, fmt.Sprintf("A search has at most %d characters.", maxQueryRunes)}
	case !utf8.ValidString(s):
		return "", &problem{FieldInvalid, "A search must be valid UTF-8."}
	case strings.ContainsFunc(s, unstorable):
		return "", &problem{FieldForbiddenCharacter, "A search has no control characters or line breaks."}
	}
	if email, p := parseEmail(s); p == nil {
		return email.Key, nil // a whole address is found in any spelling, such as with a domain in punycode
	}
	return searchKey(s), nil
}

func (c *checker) order(o Order) Order {
	if o.Field == "" {
		o.Field = OrderByCreatedAt
	}
	if !slices.Contains(OrderFields(), o.Field) {
		c.add(FieldOrderBy, &problem{FieldInvalid, "Users can be ordered by created_at, email or last_name."})
		o.Field = OrderByCreatedAt
	}
	return o
}

func (c *checker) size(most int, first, last *int) int {
	if first != nil && last != nil {
		c.add(FieldLast, &problem{FieldInvalid, "Ask for the first or the last users, not for both."})
		return 0
	}
	field, n := FieldFirst, min(DefaultPageSize, most)
	if first != nil {
		n = *first
	} else if last != nil {
		field, n = FieldLast, *last
	}
	if n < 1 || n > most {
		c.add(field, &problem{FieldOutOfRange, fmt.Sprintf("A page has 1 to %d entries.", most)})
	}
	return n
}

func (c *checker) cursor(field Field, cursor *string, f OrderField) *Position {
	if cursor == nil {
		return nil
	}
	p, wrong := decodeCursor(*cursor, f)
	c.add(field, wrong)
	return p
}
