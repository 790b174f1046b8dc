package graph

import (
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"

	"github.com/userd/userd/service"
)

// representation is the one scalar whose values are objects.
const representation = "_Any"

// enumName is an enum's value: a bare name in a document, a string in JSON.
type enumName string

// leaf brings a value of a scalar or enum into the form that gqlgen reads. An
// Int comes as an int64. When the value is of another type, wrong says what
// the type takes; it never says what was sent, which may be a password in the
// wrong place.
func leaf(def *ast.Definition, v any) (out any, wrong string) {
	if def.Kind == ast.Enum {
		if name, ok := v.(enumName); ok && def.EnumValues.ForName(string(name)) != nil {
			return string(name), ""
		}
		return nil, def.Name + " takes one of its names."
	}
	switch is := v.(type) {
	case string:
		if def.Name != "Int" && def.Name != "Float" && def.Name != "Boolean" && def.Name != representation {
			return v, "" // all other scalars of ours are texts
		}
	case bool:
		if def.Name == "Boolean" {
			return v, ""
		}
	case int64:
		switch {
		case def.Name == "Int" && math.MinInt32 <= is && is <= math.MaxInt32, def.Name == "Float":
			return v, ""
		case def.Name == "ID":
			return strconv.FormatInt(is, 10), ""
		}
	case float64:
		if def.Name == "Float" {
			return v, ""
		}
	case map[string]any:
		if def.Name == representation {
			return v, ""
		}
	}
	return nil, expectation(def.Name)
}

// expectation says what a scalar takes.
func expectation(scalar string) string {
	switch scalar {
	case "Int":
		return "Int takes a whole number of at most 32 bits."
	case "Float":
		return "Float takes a number."
	case "Boolean":
		return "Boolean takes true or false."
	case representation:
		return representation + " takes an object."
	}
	return scalar + " takes a string."
}

// valuesRule checks that the values written in a document are of the types
// that their places take. It stands in for the library's rule, which repeats
// the values in its messages and knows nothing of our scalars.
var valuesRule = core.Rule{
	Name: "ValuesOfCorrectType",
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, v *ast.Value) {
			if v.Definition == nil || v.ExpectedType == nil {
				return // the place itself is unknown, as another rule says
			}
			report := func(message string) { addError(core.Message("%s", message), core.At(v.Position)) }
			checkLiteral(v, report)
		})
	},
}

// checkLiteral reports what is wrong with v. What lies inside of v is visited
// on its own.
func checkLiteral(v *ast.Value, report func(string)) {
	switch {
	case v.Kind == ast.Variable:
	case v.Kind == ast.NullValue:
		if v.ExpectedType.NonNull {
			report(v.ExpectedType.String() + " does not take null.")
		}
	case v.Kind == ast.ListValue:
		if v.ExpectedType.Elem == nil {
			report(v.ExpectedType.String() + " does not take a list.")
		}
	case v.Definition.Kind == ast.InputObject:
		checkObject(v, report)
	default:
		if _, wrong := leaf(v.Definition, literal(v)); wrong != "" {
			report(wrong)
		}
	}
}

// checkObject reports missing and unknown fields.
func checkObject(v *ast.Value, report func(string)) {
	if v.Kind != ast.ObjectValue {
		report(v.Definition.Name + " takes an object.")
		return
	}
	for _, f := range v.Definition.Fields {
		if isRequired(f) && v.Children.ForName(f.Name) == nil {
			report(v.Definition.Name + "." + f.Name + " is required.")
		}
	}
	for _, child := range v.Children {
		if v.Definition.Fields.ForName(child.Name) == nil {
			report(noField(v.Definition, child.Name))
		}
	}
}

// noField says that t has no field of this name, which in variables can be any
// text.
func noField(t *ast.Definition, name string) string {
	if service.Harmless(name) == "" {
		return t.Name + " has no such field."
	}
	return t.Name + " has no field " + name + "."
}

func isRequired(f *ast.FieldDefinition) bool { return f.Type.NonNull && f.DefaultValue == nil }

// literal is the value of a scalar or enum in a document, as JSON would have
// it; nil for anything else. What an object has inside is of no matter here.
func literal(v *ast.Value) any {
	switch v.Kind {
	case ast.StringValue, ast.BlockValue:
		return v.Raw
	case ast.EnumValue:
		return enumName(v.Raw)
	case ast.BooleanValue:
		return v.Raw == "true"
	case ast.IntValue, ast.FloatValue:
		return number(v.Raw)
	case ast.ObjectValue:
		return map[string]any{}
	}
	return nil
}

// number reads a number of JSON or GraphQL: an int64 where it is written as a
// whole number and is not too large for one, otherwise a float64.
func number(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	f, _ := strconv.ParseFloat(s, 64) // infinite when too large, which no type takes
	return f
}
