/* onnx_unpack.c: protobuf-c on untrusted bytes. protobuf-c itself bounds neither the depth of nesting (it recurses) nor
 * the memory (two bytes of file can ask for a message of two hundred); its allocator hook is where both can be. */
#include "nn/onnx_proto.h"

#include <stdlib.h>

/* Of the stack, in bytes: some hundred levels of messages. A model without control flow nests eight deep. */
#define STACK_LIMIT (512u * 1024)

/* Packed integers grow eightfold; nodes and names several times over. */
#define MEMORY_FACTOR 24u
#define MEMORY_SLACK (1u << 20)

struct budget {
    uintptr_t stack;
    size_t left;
};

static void *budget_alloc(void *user, size_t size) {
    struct budget *budget = user;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t depth = here < budget->stack ? budget->stack - here : here - budget->stack;
    if (depth > STACK_LIMIT || size > budget->left) return NULL;
    budget->left -= size;
    return malloc(size);
}

static void budget_free(void *user, void *memory) {
    (void)user;
    free(memory);
}

ProtobufCMessage *onnx_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t size) {
    struct budget budget = {
        .stack = (uintptr_t)__builtin_frame_address(0),
        .left = size < SIZE_MAX / MEMORY_FACTOR - MEMORY_SLACK ? size * MEMORY_FACTOR + MEMORY_SLACK : SIZE_MAX,
    };
    ProtobufCAllocator allocator = {budget_alloc, budget_free, &budget};
    return protobuf_c_message_unpack(descriptor, &allocator, size, data);
}

void onnx_free(ProtobufCMessage *message) {
    ProtobufCAllocator allocator = {budget_alloc, budget_free, NULL};
    if (message) protobuf_c_message_free_unpacked(message, &allocator);
}
