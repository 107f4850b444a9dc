// Whom the client trusts: while claiming only the pin of the claim code, afterwards only the certificate
// it got with `claimed` (docs/device-protocol.md §1, §4).
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
)

// readClaimCode reads the QR text of §4: host, port, code and pin by their letters.
func readClaimCode(text string) map[string]string {
	fields := map[string]string{}
	for _, field := range strings.Split(text, ";")[1:] {
		name, value, _ := strings.Cut(field, "=")
		fields[name] = value
	}
	fields["C"] = strings.ToUpper(strings.ReplaceAll(fields["C"], "-", ""))
	return fields
}

func hasPin(certificate *x509.Certificate, pin string) bool {
	sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	return b64.EncodeToString(sum[:]) == pin
}

// byPin accepts a chain only if the pinned certificate is part of it and the leaf descends from it.
func byPin(pin, host string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(state tls.ConnectionState) error {
		roots, others := x509.NewCertPool(), x509.NewCertPool()
		for _, certificate := range state.PeerCertificates {
			if hasPin(certificate, pin) {
				roots.AddCert(certificate)
			} else {
				others.AddCert(certificate)
			}
		}
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: others, DNSName: host})
		return err
	}}
}

// byAnchor trusts what came with `claimed`, once it is what was pinned.
func byAnchor(ca, pin string) *tls.Config {
	roots := x509.NewCertPool()
	pinned := false
	for block, rest := pem.Decode([]byte(ca)); block != nil; block, rest = pem.Decode(rest) {
		certificate := must(x509.ParseCertificate(block.Bytes))
		pinned = pinned || hasPin(certificate, pin)
		roots.AddCert(certificate)
	}
	if !pinned {
		must(roots, errors.New("claimed: ca is not what was pinned"))
	}
	return &tls.Config{RootCAs: roots}
}
