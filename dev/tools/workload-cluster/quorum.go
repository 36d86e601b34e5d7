package main

import (
	"context"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	memory "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// WithQuorum answers for etcd only while most of its members run, as a real one does. The in-memory one always would.
func withQuorum(store memory.Manager, etcd http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kept, err := hasQuorum(r.Context(), store.GetResourceGroup(cluster).GetClient())
		if err != nil {
			log.Log.Error(err, "Members of etcd cannot be counted")
		}
		if kept {
			etcd.ServeHTTP(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "application/grpc")
		header.Set("Grpc-Status", "14") // Unavailable
		header.Set("Grpc-Message", "etcdserver: no leader")
		w.WriteHeader(http.StatusOK)
	})
}

// HasQuorum counts the members that nobody removed. One runs unless its Node is known not to be Ready.
func hasQuorum(ctx context.Context, store memory.Client) (bool, error) {
	pods := &corev1.PodList{}
	if err := store.List(ctx, pods); err != nil {
		return false, err
	}
	members, running := 0, 0
	for index := range pods.Items {
		pod := &pods.Items[index]
		if !isEtcdMember(pod) {
			continue
		}
		members++
		// A list of Nodes cannot be had: the store keeps one that was patched in another form.
		node := &corev1.Node{}
		if err := store.Get(ctx, client.ObjectKey{Name: pod.Spec.NodeName}, node); client.IgnoreNotFound(err) != nil {
			return false, err
		}
		if !isSilent(node) {
			running++
		}
	}
	return running > members/2, nil
}

func isSilent(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status != corev1.ConditionTrue
		}
	}
	return false
}
