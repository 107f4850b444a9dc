// A client of dgw.1 written from docs/device-protocol.md alone: claims a place, connects, sends events,
// waits until they are acknowledged, asks for a decision. Prints one JSON object; exits 1 on any breach.
package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coder/websocket"
)

type object = map[string]any

const subprotocol = "dgw.1.json"

var b64 = base64.RawURLEncoding

type line struct {
	conn            *websocket.Conn
	nonce, exporter []byte
}

// dial opens a connection whose chain `trust` accepted (§1), and reads its challenge (§5).
func dial(ctx context.Context, address string, config *tls.Config) (*line, error) {
	config.MinVersion = tls.VersionTLS13
	// Not HTTP/2: the upgrade is HTTP/1.1.
	transport := &http.Transport{TLSClientConfig: config, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
	conn, response, err := websocket.Dial(ctx, "wss://"+address+"/v1/devices/connect", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, Subprotocols: []string{subprotocol},
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	exporter, err := response.TLS.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	if err != nil {
		return nil, err
	}
	l := &line{conn: conn, exporter: exporter}
	challenge, err := l.next(ctx, "challenge")
	if err != nil {
		return nil, err
	}
	l.nonce, err = b64.DecodeString(challenge["nonce"].(string))
	return l, err
}

// next reads frames until one of the type arrives; others are none of this client's business.
func (l *line) next(ctx context.Context, kind string) (object, error) {
	for {
		_, text, err := l.conn.Read(ctx)
		if err != nil {
			return nil, fmt.Errorf("waiting for %s: %w", kind, err)
		}
		frame := object{}
		if err := json.Unmarshal(text, &frame); err != nil {
			return nil, err
		}
		if frame["t"] == kind {
			return frame, nil
		}
	}
}

func (l *line) send(ctx context.Context, frame object) error {
	return l.conn.Write(ctx, websocket.MessageText, encode(frame))
}

// encode is canonical JSON (§3): encoding/json sorts keys; only its escaping of <, > and & is in the way.
func encode(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func (l *line) bound(label string, rest ...[]byte) []byte {
	parts := append([][]byte{[]byte(label), l.nonce, l.exporter, []byte(subprotocol)}, rest...)
	return bytes.Join(parts, nil)
}

func mac(key, input []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write(input)
	return b64.EncodeToString(h.Sum(nil))
}

type ticket struct{ host, port, lookup, secret, pin string }

func readTicket(text string) (t ticket) {
	for _, field := range strings.Split(text, ";")[1:] {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "H":
			t.host = value
		case "P":
			t.port = value
		case "C":
			code := strings.ToUpper(strings.ReplaceAll(value, "-", ""))
			t.lookup, t.secret = code[:4], code[4:]
		case "S":
			t.pin = value
		}
	}
	return t
}

func pinned(certificate *x509.Certificate, pin string) bool {
	sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	return b64.EncodeToString(sum[:]) == pin
}

// byPin accepts a chain only if the pinned certificate is part of it and the leaf descends from it (§1).
func byPin(t ticket) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(state tls.ConnectionState) error {
		roots, others := x509.NewCertPool(), x509.NewCertPool()
		for _, certificate := range state.PeerCertificates {
			if pinned(certificate, t.pin) {
				roots.AddCert(certificate)
			} else {
				others.AddCert(certificate)
			}
		}
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: others, DNSName: t.host})
		return err
	}}
}

// claim is §4. It returns the device id and the certificates to trust from now on.
func claim(ctx context.Context, t ticket, key ed25519.PrivateKey) (string, string, error) {
	l, err := dial(ctx, net.JoinHostPort(t.host, t.port), byPin(t))
	if err != nil {
		return "", "", err
	}
	defer l.conn.CloseNow()
	secret, _ := hkdf.Key(sha256.New, []byte(t.secret), []byte(t.lookup), "dgw-claim-1 key", 32)
	frame := object{"t": "claim", "lookup": t.lookup, "alg": "Ed25519", "model": "go<&>",
		"key": b64.EncodeToString(key.Public().(ed25519.PublicKey))}
	input := l.bound("dgw-claim-1", encode(frame))
	frame["mac"], frame["sig"] = mac(secret, input), b64.EncodeToString(ed25519.Sign(key, input))
	if err := l.send(ctx, frame); err != nil {
		return "", "", err
	}
	claimed, err := l.next(ctx, "claimed")
	if err != nil {
		return "", "", err
	}
	device, keyID, ca := claimed["device"].(string), claimed["key_id"].(string), claimed["ca"].(string)
	sum := sha256.Sum256([]byte(ca))
	if claimed["mac"] != mac(secret, l.bound("dgw-claimed-1", []byte(device), []byte(keyID), sum[:])) {
		return "", "", errors.New("claimed: the server does not know the code")
	}
	if keyID != keyIDOf(key) {
		return "", "", errors.New("claimed: key_id differs from ours")
	}
	block, _ := pem.Decode([]byte(ca))
	anchor, err := x509.ParseCertificate(block.Bytes)
	if err == nil && !pinned(anchor, t.pin) {
		err = errors.New("claimed: ca is not what was pinned")
	}
	return device, ca, err
}

func keyIDOf(key ed25519.PrivateKey) string {
	sum := sha256.Sum256(key.Public().(ed25519.PublicKey))
	return hex.EncodeToString(sum[:16])
}

func now() int64 { return time.Now().UnixMilli() }

func run(ctx context.Context, t ticket, events int, kind, question string) (object, error) {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	device, ca, err := claim(ctx, t, key)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ca))
	l, err := dial(ctx, net.JoinHostPort(t.host, t.port), &tls.Config{RootCAs: roots})
	if err != nil {
		return nil, err
	}
	defer l.conn.Close(websocket.StatusNormalClosure, "")
	seed := make([]byte, 16)
	rand.Read(seed)
	epoch := hex.EncodeToString(seed[:8])
	hello := object{"t": "hello", "device": device, "key_id": keyIDOf(key), "boot": "go-1", "fw": "1.0",
		"up":    object{"ep": epoch, "oldest": 1, "next": events + 1},
		"down":  object{"ep": "", "applied": 0},
		"clock": object{"ts": now(), "src": "ntp", "err_ms": 50}}
	hello["sig"] = b64.EncodeToString(ed25519.Sign(key, l.bound("dgw-auth-1", encode(hello))))
	if err := l.send(ctx, hello); err != nil {
		return nil, err
	}
	welcome, err := l.next(ctx, "welcome")
	if err != nil {
		return nil, err
	}
	acked, err := sendEvents(ctx, l, epoch, events, int(welcome["window"].(object)["events"].(float64)))
	if err != nil {
		return nil, err
	}
	p := object{}
	if err := json.Unmarshal([]byte(question), &p); err != nil {
		return nil, err
	}
	asked := time.Now()
	ask := object{"t": "ask", "id": "opr_go_" + hex.EncodeToString(seed), "kind": kind, "deadline_ms": 2000, "p": p}
	if err := l.send(ctx, ask); err != nil {
		return nil, err
	}
	answer, err := l.next(ctx, "answer")
	if err == nil && answer["id"] != ask["id"] {
		err = errors.New("answer: another id than the question's")
	}
	return object{"device": device, "epoch": epoch, "gen": welcome["gen"], "acked": acked, "answer": answer,
		"answer_ms": float64(time.Since(asked).Microseconds()) / 1000}, err
}

// sendEvents is §6: batches of at most 64, never beyond the credits, until all are acknowledged.
func sendEvents(ctx context.Context, l *line, epoch string, events, window int) (int, error) {
	sent, acked := 0, 0
	for acked < events {
		for sent < events && sent < acked+window {
			count := min(64, events-sent, acked+window-sent)
			batch := make([]object, count)
			for i := range batch {
				batch[i] = object{"id": fmt.Sprintf("go-%d", sent+i+1), "ty": "door.opened", "ts": now(), "up": sent + i,
					"cq": "synced", "p": object{"door": 1}}
			}
			if err := l.send(ctx, object{"t": "ev", "ep": epoch, "s": sent + 1, "e": batch}); err != nil {
				return acked, err
			}
			sent += count
		}
		ack, err := l.next(ctx, "ack")
		if err != nil {
			return acked, err
		}
		if rejected := ack["rej"]; rejected != nil {
			return acked, fmt.Errorf("ack: rejected %v", rejected)
		}
		acked, window = int(ack["s"].(float64)), int(ack["w"].(float64))
	}
	return acked, nil
}

func main() {
	code := flag.String("claim", "", "text of the claim's QR code")
	events := flag.Int("events", 300, "how many events to send")
	kind := flag.String("kind", "payment", "kind of the question")
	question := flag.String("ask", "{}", "its p, as JSON")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	result, err := run(ctx, readTicket(*code), *events, *kind, *question)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Stdout.Write(append(encode(result), '\n'))
}
