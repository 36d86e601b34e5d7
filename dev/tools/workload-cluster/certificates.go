package main

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/cluster-api/util/certs"
)

// An authority is one of the cluster's CAs.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// Certificates serve the API server and the etcd members, each signed by the CA that its clients trust.
type certificates struct {
	etcd      authority
	key       crypto.Signer
	apiServer *tls.Certificate
}

func loadCertificates(pki string) (*certificates, error) {
	clusterCA, err := loadAuthority(pki)
	if err != nil {
		return nil, err
	}
	etcdCA, err := loadAuthority(filepath.Join(pki, "etcd"))
	if err != nil {
		return nil, err
	}
	key, err := certs.NewPrivateKey()
	if err != nil {
		return nil, err
	}
	apiServer, err := clusterCA.issue(key, "kube-apiserver")
	if err != nil {
		return nil, err
	}
	return &certificates{etcd: etcdCA, key: key, apiServer: apiServer}, nil
}

func loadAuthority(folder string) (authority, error) {
	certificatePEM, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	if err != nil {
		return authority{}, err
	}
	keyPEM, err := os.ReadFile(filepath.Join(folder, "ca.key"))
	if err != nil {
		return authority{}, err
	}
	certificate, err := certs.DecodeCertPEM(certificatePEM)
	if err != nil {
		return authority{}, fmt.Errorf("%s: %w", folder, err)
	}
	key, err := certs.DecodePrivateKeyPEM(keyPEM)
	if err != nil {
		return authority{}, fmt.Errorf("%s: %w", folder, err)
	}
	return authority{certificate, key}, nil
}

func (a authority) issue(key crypto.Signer, name string) (*tls.Certificate, error) {
	config := certs.Config{
		CommonName: name,
		AltNames:   certs.AltNames{DNSNames: []string{"localhost", name}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}},
		Usages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leaf, err := config.NewSignedCert(key, a.certificate, a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// ForClient answers an etcd member's certificate to who asks for that member's Pod by name, as Cluster API does through
// a port forward, and the API server's to everybody else.
func (c *certificates) forClient(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if strings.HasPrefix(hello.ServerName, "etcd-") {
		return c.etcd.issue(c.key, hello.ServerName)
	}
	return c.apiServer, nil
}
