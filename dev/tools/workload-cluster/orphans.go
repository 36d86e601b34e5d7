package main

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/cloud/api/v1alpha1"
	memory "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Orphans deletes the Pods of a Node that is gone, as the controller manager's pod garbage collector does.
type orphans struct {
	store memory.Client
}

// WatchOrphans starts the collector.
func watchOrphans(ctx context.Context, store memory.Manager) error {
	informer, err := store.GetCache().GetInformer(ctx, &corev1.Node{})
	if err != nil {
		return err
	}
	return informer.AddEventHandler(orphans{store.GetResourceGroup(cluster).GetClient()})
}

func (orphans) OnCreate(string, client.Object) {}

func (orphans) OnUpdate(string, client.Object, client.Object) {}

func (orphans) OnGeneric(string, client.Object) {}

// OnDelete is called while the store is locked, so the work is left to another goroutine.
func (o orphans) OnDelete(_ string, node client.Object) {
	go func() {
		if err := o.deletePods(context.Background(), node.GetName()); err != nil {
			log.Log.Error(err, "Pods of a deleted Node are left", "node", node.GetName())
		}
	}()
}

func (o orphans) deletePods(ctx context.Context, node string) error {
	pods := &corev1.PodList{}
	if err := o.store.List(ctx, pods); err != nil {
		return err
	}
	for index := range pods.Items {
		pod := &pods.Items[index]
		if pod.Spec.NodeName != node || isEtcdMember(pod) {
			continue
		}
		if err := o.store.Delete(ctx, pod); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}

// IsEtcdMember tells a Pod that stands for a member of etcd. A member that nobody removed stays one without its Node.
func isEtcdMember(pod *corev1.Pod) bool {
	_, removed := pod.Annotations[v1alpha1.EtcdMemberRemoved]
	return pod.Labels["component"] == "etcd" && !removed
}
