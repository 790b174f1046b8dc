package service_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/servicetest"
)

// crowd creates users who share names and moments of creation.
func crowd(t *testing.T) (*world, []service.User) {
	t.Helper()
	w := newWorld(t)
	var users []service.User
	for i, name := range []string{"Øre", "Ada", "ada", "ÅSE", "Zoë", "Bo", "bo", "Ålesund", "Ada"} {
		if i%2 == 0 {
			w.now = w.now.Add(time.Microsecond)
		}
		in := newUser(fmt.Sprintf("%c%d@example.com", 'z'-i*7%5, i))
		in.LastName = service.Some(name)
		in.IsActive = service.Some(i%3 != 0)
		u, err := w.CreateUser(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		users = append(users, u)
	}
	return w, users
}

// inOrder is users in an order, by other means than the stores'.
func inOrder(users []service.User, o service.Order) []service.User {
	key := func(u service.User) string {
		switch o.Field {
		case service.OrderByEmail:
			return strings.ToLower(u.Email)
		case service.OrderByLastName:
			return strings.ToLower(u.LastName)
		}
		return u.CreatedAt.Format("2006-01-02T15:04:05.000000")
	}
	sorted := slices.SortedFunc(slices.Values(users), func(a, b service.User) int {
		return cmp.Or(strings.Compare(key(a), key(b)), strings.Compare(a.ID.String(), b.ID.String()))
	})
	if o.Descending {
		slices.Reverse(sorted)
	}
	return sorted
}

func orders() []service.Order {
	orders := []service.Order{{}} // the zero value is an order, too
	for _, f := range service.OrderFields() {
		orders = append(orders, service.Order{Field: f}, service.Order{Field: f, Descending: true})
	}
	return orders
}

func usersOf(p *service.UserPage) []service.User {
	users := make([]service.User, len(p.Items))
	for i, item := range p.Items {
		users[i] = *item.User
	}
	return users
}

// Every page that can be asked for is the same part of the list that slicing
// the whole gives.
func TestPagesAgreeWithSlices(t *testing.T) {
	w, users := crowd(t)
	active := slices.DeleteFunc(slices.Clone(users), func(u service.User) bool { return !u.IsActive })
	onlyActive := service.Some(service.FilterInput{IsActive: service.Some(true)})
	for _, order := range orders() {
		checkAllPages(t, w, service.ListInput{Order: order}, inOrder(users, order))
		checkAllPages(t, w, service.ListInput{Order: order, Filter: onlyActive}, inOrder(active, order))
	}
}

// checkAllPages asks for every page of every size between any two users.
func checkAllPages(t *testing.T, w *world, in service.ListInput, all []service.User) {
	t.Helper()
	whole, err := w.ListUsers(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(all, usersOf(whole)); diff != "" {
		t.Fatalf("the list in order %+v (-want +got):\n%s", in.Order, diff)
	}
	cursor := func(i int) *string {
		if i < 0 || i >= len(all) {
			return nil
		}
		c := whole.Items[i].Cursor()
		return &c
	}
	for after := -1; after < len(all); after++ {
		for before := 0; before <= len(all); before++ {
			in.After, in.Before = cursor(after), cursor(before)
			part := all[after+1 : max(after+1, before)]
			for _, size := range []int{1, 2, len(part), len(part) + 1, service.MaxPageSize} {
				if size > 0 {
					checkPages(t, w, in, part, size)
				}
			}
		}
	}
}

// checkPages asks for the first and the last users of a part of the list.
func checkPages(t *testing.T, w *world, in service.ListInput, part []service.User, size int) {
	t.Helper()
	n := min(size, len(part))
	in.First, in.Last = &size, nil
	wantPage(t, w, in, part[:n], n < len(part), in.After != nil)
	in.First, in.Last = nil, &size
	wantPage(t, w, in, part[len(part)-n:], in.Before != nil, n < len(part))
}

func wantPage(t *testing.T, w *world, in service.ListInput, want []service.User, hasNext, hasPrevious bool) {
	t.Helper()
	page, err := w.ListUsers(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(want, usersOf(page)) || page.HasNext != hasNext || page.HasPrevious != hasPrevious {
		t.Fatalf("the page %+v is %v, next %v, previous %v; want %v, next %v, previous %v",
			in, usersOf(page), page.HasNext, page.HasPrevious, want, hasNext, hasPrevious)
	}
}

func TestCursorOutlivesItsUser(t *testing.T) {
	for _, order := range orders() {
		w, users := crowd(t)
		all := inOrder(users, order)
		whole, err := w.ListUsers(t.Context(), service.ListInput{Order: order})
		if err != nil {
			t.Fatal(err)
		}
		gone := 4
		if err := w.DeleteUser(t.Context(), all[gone].ID, nil); err != nil {
			t.Fatal(err)
		}
		cursor, size := whole.Items[gone].Cursor(), service.MaxPageSize
		wantPage(t, w, service.ListInput{Order: order, After: &cursor, First: &size}, all[gone+1:], false, true)
		wantPage(t, w, service.ListInput{Order: order, Before: &cursor, Last: &size}, all[:gone], true, false)
	}
}

func TestPageOfDefaultSize(t *testing.T) {
	w := newWorld(t)
	for i := range service.DefaultPageSize + 1 {
		w.create(t, fmt.Sprintf("user%d@example.com", i))
	}
	page, err := w.ListUsers(t.Context(), service.ListInput{})
	if err != nil || len(page.Items) != service.DefaultPageSize || !page.HasNext || page.HasPrevious {
		t.Errorf("the first page has %d users, next %v, previous %v, %v", len(page.Items), page.HasNext, page.HasPrevious, err)
	}
}

func TestPageOfNobody(t *testing.T) {
	page, err := newWorld(t).ListUsers(t.Context(), service.ListInput{})
	if diff := gocmp.Diff(&service.UserPage{Items: []service.UserItem{}}, page); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestFilters(t *testing.T) {
	w := newWorld(t)
	w.create(t, "ada@example.com")
	for _, c := range servicetest.Filters() {
		t.Run(c.Name, func(t *testing.T) {
			_, err := w.ListUsers(t.Context(), service.ListInput{Filter: c.Filter})
			wantMistakes(t, err, c.Wrong)
			_, err = w.CountUsers(t.Context(), c.Filter)
			wantMistakes(t, err, c.Wrong)
		})
	}
}

func TestFiltersSelect(t *testing.T) {
	w := newWorld(t)
	for email, names := range map[string][2]string{
		"ada@example.com":   {"Ada", "Lovelace"},
		"grace@example.com": {"Grace", "Hopper"},
		"zoë@bücher.de":     {"Zoë", "Adams"},
	} {
		in := newUser(email)
		in.FirstName, in.LastName = service.Some(names[0]), service.Some(names[1])
		in.IsActive = service.Some(email != "grace@example.com")
		if _, err := w.CreateUser(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	text, flag := service.Some[string], service.Some[bool]
	for name, c := range map[string]struct {
		filter service.FilterInput
		want   []string
	}{
		"email":                        {service.FilterInput{Email: text(" ADA@example.com")}, []string{"ada@example.com"}},
		"email of nobody":              {service.FilterInput{Email: text("bob@example.com")}, nil},
		"email in punycode":            {service.FilterInput{Email: text("zoe\u0308@xn--bcher-kva.de")}, []string{"zoë@bücher.de"}},
		"query by first or last name":  {service.FilterInput{Query: text("ADA")}, []string{"ada@example.com", "zoë@bücher.de"}},
		"query by email":               {service.FilterInput{Query: text("grace@ex")}, []string{"grace@example.com"}},
		"query by decomposed accent":   {service.FilterInput{Query: text("ZOE\u0308")}, []string{"zoë@bücher.de"}},
		"query by address in punycode": {service.FilterInput{Query: text("zoë@xn--bcher-kva.de")}, []string{"zoë@bücher.de"}},
		"query inside a name":          {service.FilterInput{Query: text("lace")}, nil},
		"query with a wildcard":        {service.FilterInput{Query: text("%")}, nil},
		"query with another wildcard":  {service.FilterInput{Query: text("a_a")}, nil},
		"inactive":                     {service.FilterInput{IsActive: flag(false)}, []string{"grace@example.com"}},
		"all combined":                 {service.FilterInput{Email: text("ada@example.com"), Query: text("love"), IsActive: flag(true)}, []string{"ada@example.com"}},
		"combined and contradictory":   {service.FilterInput{Email: text("ada@example.com"), IsActive: flag(false)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			page, err := w.ListUsers(t.Context(), service.ListInput{Filter: service.Some(c.filter), Order: service.Order{Field: service.OrderByEmail}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range usersOf(page) {
				got = append(got, u.Email)
			}
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n, err := w.CountUsers(t.Context(), service.Some(c.filter)); err != nil || n != len(c.want) {
				t.Errorf("counted %d, %v, want %d", n, err, len(c.want))
			}
		})
	}
}

func TestListUsersRefuses(t *testing.T) {
	number := func(n int) *int { return &n }
	emailCursor := service.EncodeCursor(service.OrderByEmail, service.Position{Key: "ada@example.com", ID: someID})
	byEmail := service.Order{Field: service.OrderByEmail}
	bad := "cursor"
	for name, c := range map[string]struct {
		in   service.ListInput
		want mistakes
	}{
		"first of none":               {service.ListInput{First: number(0)}, mistakes{service.FieldFirst: service.FieldOutOfRange}},
		"first negative":              {service.ListInput{First: number(-1)}, mistakes{service.FieldFirst: service.FieldOutOfRange}},
		"first one too many":          {service.ListInput{First: number(service.MaxPageSize + 1)}, mistakes{service.FieldFirst: service.FieldOutOfRange}},
		"first far too many":          {service.ListInput{First: number(math.MaxInt)}, mistakes{service.FieldFirst: service.FieldOutOfRange}},
		"last of none":                {service.ListInput{Last: number(0)}, mistakes{service.FieldLast: service.FieldOutOfRange}},
		"last one too many":           {service.ListInput{Last: number(service.MaxPageSize + 1)}, mistakes{service.FieldLast: service.FieldOutOfRange}},
		"first and last":              {service.ListInput{First: number(1), Last: number(1)}, mistakes{service.FieldLast: service.FieldInvalid}},
		"after is no cursor":          {service.ListInput{After: &bad}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"before is no cursor":         {service.ListInput{Before: &bad}, mistakes{service.FieldBefore: service.FieldInvalid}},
		"after is of another order":   {service.ListInput{After: &emailCursor}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"before is of another order":  {service.ListInput{Before: &emailCursor, Order: service.Order{Field: service.OrderByLastName}}, mistakes{service.FieldBefore: service.FieldInvalid}},
		"unknown order":               {service.ListInput{Order: service.Order{Field: "password"}}, mistakes{service.FieldOrderBy: service.FieldInvalid}},
		"order in another case":       {service.ListInput{Order: service.Order{Field: "EMAIL"}}, mistakes{service.FieldOrderBy: service.FieldInvalid}},
		"a cursor serves both ways":   {service.ListInput{After: &emailCursor, Order: service.Order{Field: service.OrderByEmail, Descending: true}}, nil},
		"a cursor of the right order": {service.ListInput{After: &emailCursor, Before: &emailCursor, Order: byEmail}, nil},
		"everything that can be wrong": {
			service.ListInput{Filter: service.Some(service.FilterInput{}), Order: byEmail, First: number(0), After: &bad, Before: &bad},
			mistakes{
				service.FieldFilter: service.FieldRequired, service.FieldFirst: service.FieldOutOfRange,
				service.FieldAfter: service.FieldInvalid, service.FieldBefore: service.FieldInvalid,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newWorld(t).ListUsers(t.Context(), c.in)
			wantMistakes(t, err, c.want)
		})
	}
}

func TestListUsersForACallerWhoIsGone(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ListUsers(cancelled(t), service.ListInput{}); !errors.Is(err, errHungUp) {
		t.Errorf("ListUsers: %v, want the context's cause", err)
	}
	if _, err := w.CountUsers(cancelled(t), service.Optional[service.FilterInput]{}); !errors.Is(err, errHungUp) {
		t.Errorf("CountUsers: %v, want the context's cause", err)
	}
}
