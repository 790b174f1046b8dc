package graph

import (
	"maps"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// coercion brings the variables of a request into the form that the executor
// expects, strictly: gqlgen itself would take 5 for "5", and report a scalar
// that is none as an error of a field.
type coercion struct {
	schema *ast.Schema
	errs   gqlerror.List
	at     *ast.Position // of the variable being coerced
}

// coerce returns the values of op's variables, the given ones and the defaults
// of the others.
func (d *document) coerce(schema *ast.Schema, op *ast.OperationDefinition, given map[string]any) (map[string]any, gqlerror.List) {
	c := &coercion{schema: schema}
	vars := make(map[string]any, len(op.VariableDefinitions))
	for _, def := range op.VariableDefinitions {
		c.at = def.Position
		v, ok := given[def.Variable]
		if !ok && def.DefaultValue != nil {
			v, ok = byDefault(def), true
		}
		switch path := "$" + def.Variable; {
		case !ok && def.Type.NonNull:
			c.report(path, "A value is required.")
		case !ok:
		case v == nil && d.notNull[def]:
			c.report(path, "The places that it is used in do not take null.")
		default:
			vars[def.Variable] = c.value(path, def.Type, v)
		}
	}
	return vars, c.errs
}

// byDefault is a variable's default value, as JSON would have it.
func byDefault(def *ast.VariableDefinition) any {
	v, _ := def.DefaultValue.Value(nil) // the document is valid
	return v
}

func (c *coercion) report(path, wrong string) {
	if len(c.errs) < maxErrors {
		err := problem(codeInvalidDocument, "%s", shorten(path+": "+wrong))
		err.Locations = []gqlerror.Location{{Line: c.at.Line, Column: c.at.Column}}
		c.errs = append(c.errs, err)
	}
}

func (c *coercion) value(path string, t *ast.Type, v any) any {
	switch {
	case v == nil:
		if t.NonNull {
			c.report(path, t.String()+" does not take null.")
		}
		return nil
	case t.Elem != nil:
		return c.list(path, t.Elem, v)
	}
	def := c.schema.Types[t.NamedType]
	if def.Kind == ast.InputObject {
		return c.object(path, def, v)
	}
	if name, ok := v.(string); ok && def.Kind == ast.Enum {
		v = enumName(name)
	}
	out, wrong := leaf(def, v)
	if wrong != "" {
		c.report(path, wrong)
	}
	return out
}

// list coerces a list; a single value stands for a list of one.
func (c *coercion) list(path string, elem *ast.Type, v any) any {
	list, ok := v.([]any)
	if !ok {
		return []any{c.value(path, elem, v)}
	}
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = c.value(path+"["+strconv.Itoa(i)+"]", elem, v)
	}
	return out
}

func (c *coercion) object(path string, def *ast.Definition, v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		c.report(path, def.Name+" takes an object.")
		return nil
	}
	out := make(map[string]any, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if f := def.Fields.ForName(name); f != nil {
			out[name] = c.value(path+"."+name, f.Type, object[name])
		} else {
			c.report(path, noField(def, name))
		}
	}
	for _, f := range def.Fields {
		if _, given := object[f.Name]; !given && isRequired(f) {
			c.report(path, def.Name+"."+f.Name+" is required.")
		}
	}
	return out
}
