package httpapi

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
)

// do carries out one step of a task's life.
func (h *handlers) do(ctx context.Context, task, key uuid.UUID, step dispatch.Step) (AnsweredJSONResponse, error) {
	answer, again, err := answered(h.Duty.Do(ctx, actorOf(ctx), commandOf(ctx, key), task, step))
	return AnsweredJSONResponse{Body: answer, Headers: AnsweredResponseHeaders{IdempotentReplayed: again}}, err
}

func (h *handlers) AcknowledgeTask(ctx context.Context, r AcknowledgeTaskRequestObject) (AcknowledgeTaskResponseObject, error) {
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.Acknowledge{})
	return AcknowledgeTask200JSONResponse{done}, err
}

func (h *handlers) AcceptTask(ctx context.Context, r AcceptTaskRequestObject) (AcceptTaskResponseObject, error) {
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.Accept{})
	return AcceptTask200JSONResponse{done}, err
}

func (h *handlers) DeclineTask(ctx context.Context, r DeclineTaskRequestObject) (DeclineTaskResponseObject, error) {
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.Decline{Reason: r.Body.Reason})
	return DeclineTask200JSONResponse{done}, err
}

func (h *handlers) StartTask(ctx context.Context, r StartTaskRequestObject) (StartTaskResponseObject, error) {
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.Start{Statements: declared(r.Body)})
	return StartTask200JSONResponse{done}, err
}

func (h *handlers) PauseTask(ctx context.Context, r PauseTaskRequestObject) (PauseTaskResponseObject, error) {
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.Pause{Reason: r.Body.Reason})
	return PauseTask200JSONResponse{done}, err
}

func (h *handlers) ResumeTask(ctx context.Context, r ResumeTaskRequestObject) (ResumeTaskResponseObject, error) {
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.Resume{Statements: declared(r.Body)})
	return ResumeTask200JSONResponse{done}, err
}

func (h *handlers) FinishTask(ctx context.Context, r FinishTaskRequestObject) (FinishTaskResponseObject, error) {
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.Finish{Report: r.Body.Report})
	return FinishTask200JSONResponse{done}, err
}

func (h *handlers) CancelTask(ctx context.Context, r CancelTaskRequestObject) (CancelTaskResponseObject, error) {
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.Cancel{Reason: r.Body.Reason})
	return CancelTask200JSONResponse{done}, err
}

func (h *handlers) ReassignTask(ctx context.Context, r ReassignTaskRequestObject) (ReassignTaskResponseObject, error) {
	add, err := memberOrdersOf("body/add", r.Body.Add)
	if err != nil {
		return nil, err
	}
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.Reassign{Add: add, Remove: r.Body.Remove})
	return ReassignTask200JSONResponse{done}, err
}

func (h *handlers) NameLead(ctx context.Context, r NameLeadRequestObject) (NameLeadResponseObject, error) {
	officer, err := officerOrderOf("body", r.Body.Officer, true, value(r.Body.OnDuty))
	if err != nil {
		return nil, err
	}
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.NameLead{Officer: officer})
	return NameLead200JSONResponse{done}, err
}

// declared are the statements that come with a command.
func declared(b *api.WithStatements) (said []dispatch.Statement) {
	for _, s := range b.Statements {
		said = append(said, statementOf(s.Subject, s.Fact, s.Value, value(s.ObservedAt)))
	}
	return said
}

func statementOf(subject *uuid.UUID, fact api.Fact, word string, at time.Time) dispatch.Statement {
	return dispatch.Statement{Subject: value(subject), Fact: string(fact), Value: word, ObservedAt: at}
}
