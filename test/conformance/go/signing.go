// The bytes that are signed, and the MAC of a claim (docs/device-protocol.md §3, §4).
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
)

// canonical is §3: encoding/json sorts keys; only its escaping of <, > and & is in the way.
func canonical(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	must(encoder, encoder.Encode(value))
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// input is what signatures and MACs of §3 and §4 cover: the label, this very session, then the rest.
func (t *terminal) input(label string, rest ...[]byte) []byte {
	return bytes.Join(append([][]byte{[]byte(label), t.nonce, t.exporter, []byte(subprotocol)}, rest...), nil)
}

func mac(key, input []byte) string {
	hash := hmac.New(sha256.New, key)
	hash.Write(input)
	return b64.EncodeToString(hash.Sum(nil))
}
