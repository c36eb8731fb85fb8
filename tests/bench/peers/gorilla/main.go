// The events of the benchmark on gorilla/websocket, written like a typical application.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

type envelope struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// The application's type for the data of an event.
type payload struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

// A connection. The mutex serialises its writes, because broadcasts come from other goroutines.
type peer struct {
	socket *websocket.Conn
	mutex  sync.Mutex
}

type group struct {
	mutex   sync.RWMutex
	members map[*peer]struct{}
}

var (
	readers  = group{members: map[*peer]struct{}{}}
	upgrader = websocket.Upgrader{}
	handlers = map[string]func(*peer, payload) error{
		"echo": func(from *peer, data payload) error { return from.emit("echo", data) },
		"join": func(from *peer, _ payload) error {
			readers.mutex.Lock()
			defer readers.mutex.Unlock()
			readers.members[from] = struct{}{}
			return nil
		},
		"publish": func(_ *peer, data payload) error { return readers.emit("news", data) },
	}
)

func encode(event string, data payload) ([]byte, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return json.Marshal(envelope{event, raw})
}

func (to *peer) emit(event string, data payload) error {
	text, err := encode(event, data)
	if err != nil {
		return err
	}
	to.mutex.Lock()
	defer to.mutex.Unlock()
	return to.socket.WriteMessage(websocket.TextMessage, text)
}

func (to *group) emit(event string, data payload) error {
	text, err := encode(event, data)
	if err != nil {
		return err
	}
	prepared, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
	if err != nil {
		return err
	}
	to.mutex.RLock()
	defer to.mutex.RUnlock()
	for member := range to.members {
		member.mutex.Lock()
		_ = member.socket.WritePreparedMessage(prepared) // the member's reader handles the error
		member.mutex.Unlock()
	}
	return nil
}

func (from *peer) handle(text []byte) error {
	var message envelope
	if err := json.Unmarshal(text, &message); err != nil {
		return err
	}
	handler := handlers[message.Event]
	if handler == nil {
		return fmt.Errorf("no event %q", message.Event)
	}
	var data payload
	if err := json.Unmarshal(message.Data, &data); err != nil {
		return err
	}
	return handler(from, data)
}

func serve(response http.ResponseWriter, request *http.Request) {
	socket, err := upgrader.Upgrade(response, request, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	connected := &peer{socket: socket}
	defer func() {
		readers.mutex.Lock()
		defer readers.mutex.Unlock()
		delete(readers.members, connected)
	}()
	for {
		_, text, err := socket.ReadMessage()
		if err != nil || connected.handle(text) != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, http.HandlerFunc(serve)))
}
