// A terminal of dgw.1 written from docs/device-protocol.md alone: claims a place, connects, sends events
// until all are acknowledged, and asks for a payment for each face of a file. Prints one JSON object; any
// breach ends it with exit 1. Sections (§) are those of the page.
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/coder/websocket"
)

type object = map[string]any

const subprotocol = "dgw.1.json"

var b64 = base64.RawURLEncoding

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

type terminal struct {
	ctx             context.Context
	conn            *websocket.Conn
	nonce, exporter []byte
}

// dial opens a connection that `trust` accepts (§1) and reads its challenge (§5).
func dial(ctx context.Context, address string, trust *tls.Config) *terminal {
	trust.MinVersion = tls.VersionTLS13
	transport := &http.Transport{TLSClientConfig: trust, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}} // HTTP/1.1
	conn, response, err := websocket.Dial(ctx, "wss://"+address+"/v1/devices/connect", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, Subprotocols: []string{subprotocol},
	})
	t := &terminal{ctx: ctx, conn: must(conn, err)}
	t.exporter = must(response.TLS.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32))
	t.nonce = must(b64.DecodeString(t.next("challenge")["nonce"].(string)))
	return t
}

// next reads frames until one of the type arrives; the others are none of this client's business (§2).
func (t *terminal) next(kind string) object {
	for {
		_, text, err := t.conn.Read(t.ctx)
		frame := object{}
		if err == nil {
			err = json.Unmarshal(text, &frame)
		}
		if must(frame, err)["t"] == kind {
			return frame
		}
	}
}

func (t *terminal) send(frame object) {
	must(t, t.conn.Write(t.ctx, websocket.MessageText, canonical(frame)))
}

// claim is §4: it proves the code without sending it, and checks that the server knows it too.
func (t *terminal) claim(code string, key ed25519.PrivateKey) (device, keyID, ca string) {
	lookup, secret := code[:4], code[4:]
	shared := must(hkdf.Key(sha256.New, []byte(secret), []byte(lookup), "dgw-claim-1 key", 32))
	public := b64.EncodeToString(key.Public().(ed25519.PublicKey))
	frame := object{"t": "claim", "lookup": lookup, "alg": "Ed25519", "model": "go<&>", "key": public}
	input := t.input("dgw-claim-1", canonical(frame))
	frame["mac"], frame["sig"] = mac(shared, input), b64.EncodeToString(ed25519.Sign(key, input))
	t.send(frame)
	claimed := t.next("claimed")
	device, keyID, ca = claimed["device"].(string), claimed["key_id"].(string), claimed["ca"].(string)
	sum := sha256.Sum256([]byte(ca))
	if claimed["mac"] != mac(shared, t.input("dgw-claimed-1", []byte(device), []byte(keyID), sum[:])) {
		must(t, errors.New("claimed: the server does not know the code"))
	}
	return device, keyID, ca
}

// hello is §5; the events of this epoch are numbered from 1.
func (t *terminal) hello(device, keyID, epoch string, events int, key ed25519.PrivateKey) object {
	frame := object{"t": "hello", "device": device, "key_id": keyID, "boot": "go-1", "fw": "1.0",
		"up":    object{"ep": epoch, "oldest": 1, "next": events + 1},
		"down":  object{"ep": "", "applied": 0},
		"clock": object{"ts": time.Now().UnixMilli(), "src": "ntp", "err_ms": 50}}
	frame["sig"] = b64.EncodeToString(ed25519.Sign(key, t.input("dgw-auth-1", canonical(frame))))
	t.send(frame)
	return t.next("welcome")
}

// report is §6: batches of at most 64, never beyond the credits, until all are acknowledged.
func (t *terminal) report(epoch string, events, window int) (acked int) {
	for sent := 0; acked < events; {
		for sent < min(events, acked+window) {
			batch := make([]object, min(64, events-sent, acked+window-sent))
			for i := range batch {
				batch[i] = object{"id": fmt.Sprintf("go-%d", sent+i+1), "ty": "door.opened", "p": object{"door": 1},
					"ts": time.Now().UnixMilli(), "up": sent + i, "cq": "synced"}
			}
			t.send(object{"t": "ev", "ep": epoch, "s": sent + 1, "e": batch})
			sent += len(batch)
		}
		ack := t.next("ack")
		if ack["rej"] != nil {
			must(t, fmt.Errorf("ack: rejected %v", ack["rej"]))
		}
		acked, window = int(ack["s"].(float64)), int(ack["w"].(float64))
	}
	return acked
}

// pay is §7: one question about one face, with an id that was never used before.
func (t *terminal) pay(face []float32) object {
	vector := must(binary.Append(nil, binary.LittleEndian, face))
	ask := object{"t": "ask", "id": "opr_go_" + randomHex(16), "kind": "payment", "deadline_ms": 2000, "p": object{
		"amount": object{"amount": 1250, "currency": "EUR"},
		"probe": object{"modality": "face", "extractor": "synthetic-512/1", "quality": 90,
			"vector": base64.StdEncoding.EncodeToString(vector)}}}
	t.send(ask)
	answer := t.next("answer")
	if answer["id"] != ask["id"] {
		must(t, errors.New("answer: another id than the question's"))
	}
	return answer
}

func randomHex(length int) string {
	random := make([]byte, length)
	rand.Read(random)
	return hex.EncodeToString(random)
}

func main() {
	text := flag.String("claim", "", "text of the claim's QR code")
	events := flag.Int("events", 0, "how many events to send")
	faces := flag.String("faces", "[]", "who wants to pay: a JSON array of faces, each an array of numbers")
	flag.Parse()
	var wanted [][]float32
	must(faces, json.Unmarshal([]byte(*faces), &wanted))
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	code := readClaimCode(*text)
	address := net.JoinHostPort(code["H"], code["P"])
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	unclaimed := dial(ctx, address, byPin(code["S"], code["H"]))
	device, keyID, ca := unclaimed.claim(code["C"], key)
	unclaimed.conn.CloseNow()
	t := dial(ctx, address, byAnchor(ca, code["S"]))
	epoch := randomHex(8)
	welcome := t.hello(device, keyID, epoch, *events, key)
	acked := t.report(epoch, *events, int(welcome["window"].(object)["events"].(float64)))
	answers := []object{}
	for _, face := range wanted {
		answers = append(answers, t.pay(face))
	}
	t.conn.Close(websocket.StatusNormalClosure, "")
	fmt.Println(string(canonical(object{"device": device, "gen": welcome["gen"], "acked": acked, "answers": answers})))
}
