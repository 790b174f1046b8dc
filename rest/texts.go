package rest

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/service"
)

// decodeTexts reads a body whose members are these texts.
func decodeTexts(w http.ResponseWriter, r *http.Request, fields []service.Field, into map[service.Field]*service.Optional[string]) (wrong mistakes, err error) {
	body, err := readBody(w, r)
	if err != nil {
		return wrong, err
	}
	err = eachMember(body, func(name string, value jsontext.Value) {
		to, known := into[service.Field(name)]
		switch {
		case !known:
			wrong.unknownName(name, unknownMessage(name, fields))
		case !takeText(to, value):
			wrong.invalid(service.Field(name), "This field must be a string.")
		}
	})
	return wrong, err
}
