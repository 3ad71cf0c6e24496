package app

import (
	"context"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dutybound/dutybound/internal/notify"
	"github.com/dutybound/dutybound/internal/push"
	"github.com/dutybound/dutybound/internal/push/fcm"
	"github.com/dutybound/dutybound/internal/safety"
)

// push sets the workers to the messages that commands leave behind.
func (a *App) push(ctx context.Context, approvals push.Approvals, concerns push.Concerns, alarms *safety.Service) error {
	channel, err := a.channel(ctx)
	if err != nil {
		return err
	}
	a.delivered = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "dutybound", Name: "pushes_total", Help: "Messages to devices, by what became of them.",
	}, []string{"outcome"})
	deliveries := notify.New(a.store, noting{channel, alarms}, a.log, func(o notify.Outcome) { a.delivered.WithLabelValues(string(o)).Inc() })
	runner, err := push.Start(context.WithoutCancel(ctx), a.store.Pool(), deliveries, approvals, concerns, a.log, push.Pace{}, push.RepeatAlarms(alarms))
	if err != nil {
		return err
	}
	a.onStop(runner.Stop)
	return nil
}

// noting tells the alarms how far they got: whoever is in danger sees it.
type noting struct {
	notify.Sender
	alarms *safety.Service
}

// Send answers an error when it could not be noted, too: sent again, a message takes the place of the one before.
func (n noting) Send(ctx context.Context, device notify.Device, message notify.Message) (string, error) {
	receipt, err := n.Sender.Send(ctx, device, message)
	if err != nil || message.Kind != safety.Push {
		return receipt, err
	}
	return receipt, n.alarms.Sent(ctx, message.Task, device.ID)
}

// channel is Firebase with an account, and without one a local endpoint that prints what would have been sent.
func (a *App) channel(ctx context.Context) (*fcm.Sender, error) {
	if a.config.FCMCredentials == "" && a.config.FCMEndpoint == "" {
		sink, err := fcm.StartSink(a.say)
		if err != nil {
			return nil, err
		}
		a.onStop(sink.Close)
		return fcm.New(ctx, fcm.Config{Endpoint: sink.URL()})
	}
	config := fcm.Config{Endpoint: a.config.FCMEndpoint}
	if a.config.FCMCredentials == "" {
		return fcm.New(ctx, config)
	}
	account, err := os.ReadFile(a.config.FCMCredentials)
	if err != nil {
		return nil, fmt.Errorf("--fcm-credentials: %w", err)
	}
	config.Credentials = account
	sender, err := fcm.New(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("--fcm-credentials %s: %w", a.config.FCMCredentials, err)
	}
	return sender, nil
}
