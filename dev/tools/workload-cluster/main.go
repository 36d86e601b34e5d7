// Workload-cluster plays the control plane of one workload cluster for simulated hosts: its API server and all members
// of its etcd, both by the in-memory server of Cluster API's test module. What the hosts' kubelets register (Nodes and
// mirror Pods) is all that there is in it.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/klog/v2"
	memory "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime"
	"sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/server/api"
	"sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/server/etcd"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// The in-memory store can hold many clusters; here it holds one.
const cluster = "workload"

func main() {
	listen := flag.String("listen", "", "host and port of the API server; an address of the loopback interface")
	pki := flag.String("pki", "", "folder with ca.crt, ca.key, etcd/ca.crt and etcd/ca.key, as kubeadm lays them out")
	klog.InitFlags(nil)
	flag.Parse()
	log.SetLogger(klog.NewKlogr())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *listen, *pki); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Serve answers requests until ctx ends. The caller's certificate is not asked for: everybody may do everything.
func serve(ctx context.Context, listen, pki string) error {
	if err := checkLoopback(listen); err != nil {
		return err
	}
	certificates, err := loadCertificates(pki)
	if err != nil {
		return err
	}
	store, err := newStore(ctx)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:   newHandler(store),
		TLSConfig: &tls.Config{GetCertificate: certificates.forClient, MinVersion: tls.VersionTLS12},
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func checkLoopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("-listen=%s: not an address of the loopback interface", listen)
	}
	return nil
}

// NewStore makes an empty cluster: nothing but the namespaces that every cluster has.
func newStore(ctx context.Context) (memory.Manager, error) {
	store := memory.NewManager(scheme.Scheme)
	if err := store.Start(ctx); err != nil {
		return nil, err
	}
	store.AddResourceGroup(cluster)
	client := store.GetResourceGroup(cluster).GetClient()
	for _, name := range []string{metav1.NamespaceDefault, metav1.NamespacePublic, metav1.NamespaceSystem} {
		if err := client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return nil, err
		}
	}
	if err := watchOrphans(ctx, store); err != nil {
		return nil, err
	}
	return store, nil
}

// NewHandler tells etcd's gRPC, which comes through port forwards of the API server, from the API server's own calls.
func newHandler(store memory.Manager) http.Handler {
	resolve := func(string) (string, error) { return cluster, nil }
	apiServer := api.NewAPIServerHandler(store, log.Log, resolve)
	etcdServer := withQuorum(store, etcd.NewEtcdServerHandler(store, log.Log, resolve))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			etcdServer.ServeHTTP(w, r)
			return
		}
		apiServer.ServeHTTP(w, r)
	})
}
