/* Answers one string from a SavedModel through TensorFlow's C API: no Python, no Keras, no tfbert.
 *
 * usage: answer LIB_DIR SAVED_MODEL TEXT_TENSOR OUTPUT_TENSOR TEXT
 *
 * LIB_DIR holds tensorflow-text's kernel libraries. Prints the float outputs, one a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/tf_tstring.h"

static void check(const TF_Status* status, const char* what) {
  if (TF_GetCode(status) != TF_OK) {
    fprintf(stderr, "%s: %s\n", what, TF_Message(status));
    exit(1);
  }
}

static TF_Output find(TF_Graph* graph, const char* tensor) {
  char name[512];
  snprintf(name, sizeof name, "%s", tensor);
  char* colon = strrchr(name, ':');
  TF_Output output = {NULL, 0};
  if (colon != NULL) {
    output.index = atoi(colon + 1);
    *colon = '\0';
  }
  output.oper = TF_GraphOperationByName(graph, name);
  if (output.oper == NULL) {
    fprintf(stderr, "no operation %s\n", name);
    exit(1);
  }
  return output;
}

static void ignore(void* data, size_t length, void* arg) {
  (void)data, (void)length, (void)arg;
}

int main(int argc, char** argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: answer LIB_DIR SAVED_MODEL TEXT_TENSOR OUTPUT_TENSOR TEXT\n");
    return 2;
  }
  TF_Status* status = TF_NewStatus();
  const char* libraries[] = {"_fast_bert_normalizer.so", "_fast_wordpiece_tokenizer.so"};
  for (int i = 0; i < 2; ++i) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", argv[1], libraries[i]);
    TF_LoadLibrary(path, status);
    check(status, path);
  }

  TF_Graph* graph = TF_NewGraph();
  TF_SessionOptions* options = TF_NewSessionOptions();
  const char* tags[] = {"serve"};
  TF_Session* session = TF_LoadSessionFromSavedModel(options, NULL, argv[2], tags, 1, graph, NULL, status);
  check(status, "load");

  TF_TString text;
  TF_TString_Init(&text);
  TF_TString_Copy(&text, argv[5], strlen(argv[5]));
  const int64_t shape[] = {1};
  TF_Tensor* input_value = TF_NewTensor(TF_STRING, shape, 1, &text, sizeof text, ignore, NULL);
  TF_Output input = find(graph, argv[3]);
  TF_Output output = find(graph, argv[4]);
  TF_Tensor* output_value = NULL;
  TF_SessionRun(session, NULL, &input, &input_value, 1, &output, &output_value, 1, NULL, 0, NULL, status);
  check(status, "run");

  const float* values = TF_TensorData(output_value);
  for (size_t i = 0; i < TF_TensorByteSize(output_value) / sizeof(float); ++i) printf("%.9g\n", values[i]);

  TF_DeleteTensor(output_value);
  TF_DeleteTensor(input_value);
  TF_TString_Dealloc(&text);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
