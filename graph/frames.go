package graph

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// frame is a message of the protocol graphql-transport-ws, from the client.
type frame struct {
	Type    string         `json:"type"`
	ID      string         `json:"id"`
	Payload jsontext.Value `json:"payload"`
}

// The types of messages.
const (
	frameInit      = "connection_init"
	frameAck       = "connection_ack"
	framePing      = "ping"
	framePong      = "pong"
	frameSubscribe = "subscribe"
	frameNext      = "next"
	frameError     = "error"
	frameComplete  = "complete"
)

// maxOperationID bounds the id that a client gives an operation, in bytes: it
// is in every message about it.
const maxOperationID = 128

// closing says why a connection is closed. Its reason is for developers, and
// holds nothing of what was sent.
type closing struct {
	code   websocket.StatusCode
	reason string
}

// The protocol's reasons. Clients connect again after goingAway and
// initTimeout, and take the others for mistakes of their own.
var (
	goingAway      = &closing{websocket.StatusGoingAway, "The server is shutting down; connect again."}
	malformedFrame = &closing{4400, "Each message is a text, a JSON object with a type and, if any, an id and an object as payload."}
	unknownFrame   = &closing{4400, "There is no such type of message for servers."}
	badOperationID = &closing{4400, "An operation has an id of 1 to 128 bytes."}
	badRequest     = &closing{4400, "The payload of subscribe has query, operationName, variables and extensions as in GraphQL over HTTP."}
	notInitialised = &closing{4401, "The first message must be connection_init."}
	notAllowed     = &closing{4403, "The API key or token is missing, or is not valid; send it as Authorization in the payload of connection_init."}
	tryLater       = &closing{websocket.StatusTryAgainLater, "The service cannot do this now; connect again in a moment."}
	badSubprotocol = &closing{4406, "The only subprotocol here is graphql-transport-ws."}
	initTimeout    = &closing{4408, "No connection_init has come in time."}
	idInUse        = &closing{4409, "An operation with this id is running."}
	initTwice      = &closing{4429, "There must be one connection_init."}
)

// parseFrame reads a message.
func parseFrame(kind websocket.MessageType, data []byte) (f frame, c *closing) {
	if kind != websocket.MessageText || json.Unmarshal(data, &f) != nil {
		return f, malformedFrame
	}
	switch f.Type {
	case frameSubscribe, frameComplete:
		if f.ID == "" || len(f.ID) > maxOperationID {
			return f, badOperationID
		}
	case frameInit, framePing, framePong:
		if k := f.Payload.Kind(); f.Payload != nil && k != '{' && k != 'n' {
			return f, malformedFrame
		}
	default:
		return f, unknownFrame
	}
	return f, nil
}

// plainFrame is a message of its type alone.
func plainFrame(kind string) []byte { return []byte(`{"type":"` + kind + `"}`) }

// operationFrame is a message about an operation; payload is JSON or empty.
func operationFrame(kind, id string, payload []byte) []byte {
	b := append([]byte(`{"type":"`), kind...)
	b = append(b, `","id":`...)
	b, _ = jsontext.AppendQuote(b, id) // it was read from JSON, and is UTF-8
	if len(payload) > 0 {
		b = append(append(b, `,"payload":`...), payload...)
	}
	return append(b, '}')
}

// answerFrame is an answer of an operation. What has no data is the end of it.
func answerFrame(id string, answer *graphql.Response) (b []byte, last bool) {
	if answer.Data == nil && len(answer.Errors) > 0 {
		return operationFrame(frameError, id, encodeErrors(answer.Errors)), true
	}
	return operationFrame(frameNext, id, encode(answer)), false
}
