package direct

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/userd/userd/graph/internal/exec"
	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

// userValues are those fields of the schema's type User that are read off a
// user.
var userValues = map[string]value[service.User]{
	"__typename":      func(b []byte, _ *service.User) []byte { return append(b, `"User"`...) },
	"id":              func(b []byte, u *service.User) []byte { return model.AppendUUID(b, u.ID) },
	"email":           func(b []byte, u *service.User) []byte { return model.AppendString(b, u.Email) },
	"emailVerifiedAt": func(b []byte, u *service.User) []byte { return appendOptional(b, u.VerifiedAt(), service.AppendTime) },
	"firstName":       func(b []byte, u *service.User) []byte { return model.AppendString(b, u.FirstName) },
	"lastName":        func(b []byte, u *service.User) []byte { return model.AppendString(b, u.LastName) },
	"isActive":        func(b []byte, u *service.User) []byte { return strconv.AppendBool(b, u.IsActive) },
	"version":         func(b []byte, u *service.User) []byte { return strconv.AppendInt(b, int64(u.Version), 10) },
	"createdAt":       func(b []byte, u *service.User) []byte { return service.AppendTime(b, u.CreatedAt) },
	"updatedAt":       func(b []byte, u *service.User) []byte { return service.AppendTime(b, u.UpdatedAt) },
}

// pageInfoValues are the fields of the schema's type PageInfo.
var pageInfoValues = map[string]value[model.PageInfo]{
	"__typename":      func(b []byte, _ *model.PageInfo) []byte { return append(b, `"PageInfo"`...) },
	"hasNextPage":     func(b []byte, p *model.PageInfo) []byte { return strconv.AppendBool(b, p.HasNextPage) },
	"hasPreviousPage": func(b []byte, p *model.PageInfo) []byte { return strconv.AppendBool(b, p.HasPreviousPage) },
	"startCursor":     func(b []byte, p *model.PageInfo) []byte { return appendOptional(b, p.StartCursor, model.AppendString) },
	"endCursor":       func(b []byte, p *model.PageInfo) []byte { return appendOptional(b, p.EndCursor, model.AppendString) },
}

// appendOptional appends what v points to, or null for nil.
func appendOptional[T any](b []byte, v *T, appendValue func([]byte, T) []byte) []byte {
	if v == nil {
		return append(b, "null"...)
	}
	return appendValue(b, *v)
}

// user is what s selects of a User, or nil.
func (s selection) user() object[service.User] {
	return selected(s, exec.UserImplementors(), func(name string, _ ast.SelectionSet) value[service.User] { return userValues[name] })
}

// pageInfo is what s selects of a PageInfo, or nil.
func (s selection) pageInfo() object[model.PageInfo] {
	return selected(s, exec.PageInfoImplementors(), func(name string, _ ast.SelectionSet) value[model.PageInfo] { return pageInfoValues[name] })
}

// edge is what s selects of a UserEdge, or nil.
func (s selection) edge() object[service.UserItem] {
	return selected(s, exec.UserEdgeImplementors(), func(name string, set ast.SelectionSet) value[service.UserItem] {
		switch name {
		case "__typename":
			return func(b []byte, _ *service.UserItem) []byte { return append(b, `"UserEdge"`...) }
		case "cursor":
			return func(b []byte, e *service.UserItem) []byte { return model.AppendString(b, e.Cursor()) }
		case "node":
			if u := s.below(set).user(); u != nil {
				return func(b []byte, e *service.UserItem) []byte { return u.append(b, e.User) }
			}
		}
		return nil
	})
}

// connection is what s selects of a UserConnection, or nil: its totalCount asks
// the store once more, and that can fail.
func (s selection) connection() object[model.UserConnection] {
	return selected(s, exec.UserConnectionImplementors(), func(name string, set ast.SelectionSet) value[model.UserConnection] {
		switch name {
		case "__typename":
			return func(b []byte, _ *model.UserConnection) []byte { return append(b, `"UserConnection"`...) }
		case "nodes":
			if u := s.below(set).user(); u != nil {
				return func(b []byte, c *model.UserConnection) []byte { return appendList(b, u, c.Edges(), nodeOf) }
			}
		case "edges":
			if e := s.below(set).edge(); e != nil {
				return func(b []byte, c *model.UserConnection) []byte { return appendList(b, e, c.Edges(), itself) }
			}
		case "pageInfo":
			if p := s.below(set).pageInfo(); p != nil {
				return func(b []byte, c *model.UserConnection) []byte { info := c.PageInfo(); return p.append(b, &info) }
			}
		}
		return nil
	})
}

func nodeOf(e *service.UserItem) *service.User { return e.User }

func itself[T any](v *T) *T { return v }
