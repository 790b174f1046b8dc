package rest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/userd/userd/service"
)

// etag is the strong entity tag of this version of u: the version stands for
// the user, in whatever encoding it is sent.
func etag(u service.User) string { return `"` + strconv.Itoa(int(u.Version)) + `"` }

// conditions are a request's If-Match and If-None-Match (RFC 9110, section 13.1).
type conditions struct {
	expect    service.Versions // what If-Match allows; nil means any
	noneMatch tagList
}

func parseConditions(h http.Header) (c conditions, err error) {
	match, err := parseTags(h, "If-Match")
	if err != nil {
		return c, err
	}
	c.expect = match.versions()
	c.noneMatch, err = parseTags(h, "If-None-Match")
	return c, err
}

// allow tells whether If-Match lets the request have this version.
func (c conditions) allow(version int32) bool {
	return c.expect == nil || slices.Contains(c.expect, version)
}

// notModified tells whether the client has what bears this tag already. It
// compares weakly: a proxy that compresses may have weakened the tag.
func (c conditions) notModified(etag string) bool {
	return c.noneMatch.any || slices.ContainsFunc(c.noneMatch.tags, func(t entityTag) bool { return t.opaque == etag })
}

// forChange refuses If-None-Match: no change here can depend on what is not
// there, and to pass over a condition would do what the client ruled out.
func (c conditions) forChange() error {
	if c.noneMatch.any || c.noneMatch.tags != nil {
		return badHeader("If-None-Match", "A change takes If-Match, not If-None-Match.")
	}
	return nil
}

// tagList is the value of If-Match or If-None-Match; the zero value is none.
type tagList struct {
	any  bool // "*"
	tags []entityTag
}

type entityTag struct {
	weak   bool
	opaque string // with its quotes
}

// versions are those that an If-Match of these tags allows: it compares
// strongly, so weak tags and others' tags allow none. nil means all.
func (l tagList) versions() service.Versions {
	if l.tags == nil {
		return nil
	}
	versions := service.Versions{}
	for _, t := range l.tags {
		version, err := strconv.ParseInt(strings.Trim(t.opaque, `"`), 10, 32)
		if u := (service.User{Version: int32(version)}); err == nil && !t.weak && t.opaque == etag(u) {
			versions = append(versions, u.Version)
		}
	}
	return versions
}

// parseTags reads the header name. A header without any tag is ill-formed:
// taken for absent it would turn a condition into none.
func parseTags(h http.Header, name string) (tagList, error) {
	values, given := h[name]
	if !given {
		return tagList{}, nil
	}
	list := strings.Trim(strings.Join(values, ","), " \t")
	if list == "*" {
		return tagList{any: true}, nil
	}
	tags, ok := splitTags(list)
	if !ok || len(tags) == 0 {
		return tagList{}, badHeader(name, `This header takes * or entity tags in quotes with commas between, such as "3".`)
	}
	return tagList{tags: tags}, nil
}

func badHeader(name, message string) error {
	var wrong mistakes
	wrong.invalid(service.Field(name), message)
	return outsideBody(wrong.with(nil))
}

// splitTags splits a list of entity tags. A comma may stand inside of one, so
// splitting at commas would not do.
func splitTags(s string) (tags []entityTag, ok bool) {
	for comma := true; ; {
		s = strings.TrimLeft(s, " \t")
		if s == "" {
			return tags, true
		}
		if s[0] == ',' {
			comma, s = true, s[1:]
			continue
		}
		tag, rest, ok := cutTag(s)
		if !ok || !comma {
			return nil, false
		}
		tags = append(tags, tag)
		comma, s = false, rest
	}
}

// cutTag cuts the entity tag off that s starts with.
func cutTag(s string) (tag entityTag, rest string, ok bool) {
	s, tag.weak = strings.CutPrefix(s, "W/")
	if !strings.HasPrefix(s, `"`) {
		return tag, "", false
	}
	end := strings.IndexByte(s[1:], '"') + 2
	if end < 2 || strings.ContainsFunc(s[:end], func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return tag, "", false
	}
	tag.opaque = s[:end]
	return tag, s[end:], true
}
