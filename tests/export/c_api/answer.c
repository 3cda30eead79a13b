/* Answers one row of text from a SavedModel through TensorFlow's C API: no Python, no Keras, no tfbert.
 *
 * usage: answer LIB_DIR SAVED_MODEL [-i TENSOR TEXT | -l TENSOR COUNT TEXT...]... -o TENSOR...
 *
 * LIB_DIR holds tensorflow-text's kernel libraries. "-i" feeds a text [1], "-l" a list of texts [1, COUNT]. Prints for
 * each output a line with the number of its values, then the values: numbers one a line, strings in hexadecimal.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/tf_tstring.h"

enum { MOST = 32 };

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

static TF_Tensor* texts(char** values, int count, int rank) {
  const int64_t shape[] = {1, count};
  TF_Tensor* tensor = TF_AllocateTensor(TF_STRING, shape, rank, count * sizeof(TF_TString));
  TF_TString* strings = TF_TensorData(tensor);
  for (int i = 0; i < count; ++i) {
    TF_TString_Init(&strings[i]);
    TF_TString_Copy(&strings[i], values[i], strlen(values[i]));
  }
  return tensor;
}

static void print(const TF_Tensor* tensor) {
  const int64_t count = TF_TensorElementCount(tensor);
  const void* data = TF_TensorData(tensor);
  printf("%lld\n", (long long)count);
  for (int64_t i = 0; i < count; ++i) {
    switch (TF_TensorType(tensor)) {
      case TF_FLOAT:
        printf("%.9g\n", ((const float*)data)[i]);
        break;
      case TF_INT32:
        printf("%d\n", ((const int32_t*)data)[i]);
        break;
      case TF_STRING: {
        const TF_TString* text = &((const TF_TString*)data)[i];
        const char* bytes = TF_TString_GetDataPointer(text);
        for (size_t j = 0; j < TF_TString_GetSize(text); ++j) printf("%02x", (unsigned char)bytes[j]);
        printf("\n");
        break;
      }
      default:
        fprintf(stderr, "an output of type %d\n", TF_TensorType(tensor));
        exit(1);
    }
  }
}

int main(int argc, char** argv) {
  TF_Status* status = TF_NewStatus();
  const char* libraries[] = {"_fast_bert_normalizer.so", "_fast_wordpiece_tokenizer.so"};
  for (int i = 0; argc > 2 && i < 2; ++i) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", argv[1], libraries[i]);
    TF_LoadLibrary(path, status);
    check(status, path);
  }

  TF_Graph* graph = TF_NewGraph();
  TF_SessionOptions* options = TF_NewSessionOptions();
  const char* tags[] = {"serve"};
  TF_Session* session = TF_LoadSessionFromSavedModel(options, NULL, argc > 2 ? argv[2] : "", tags, 1, graph, NULL, status);
  check(status, "load");

  TF_Output inputs[MOST], outputs[MOST];
  TF_Tensor *given[MOST], *answers[MOST];
  int input_count = 0, output_count = 0;
  for (int i = 3; i < argc && input_count < MOST && output_count < MOST;) {
    if (strcmp(argv[i], "-i") == 0 && i + 2 < argc) {
      inputs[input_count] = find(graph, argv[i + 1]);
      given[input_count++] = texts(&argv[i + 2], 1, 1);
      i += 3;
    } else if (strcmp(argv[i], "-l") == 0 && i + 2 < argc && i + 2 + atoi(argv[i + 2]) < argc) {
      inputs[input_count] = find(graph, argv[i + 1]);
      given[input_count++] = texts(&argv[i + 3], atoi(argv[i + 2]), 2);
      i += 3 + atoi(argv[i + 2]);
    } else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
      outputs[output_count++] = find(graph, argv[i + 1]);
      i += 2;
    } else {
      fprintf(stderr, "cannot understand %s\n", argv[i]);
      return 2;
    }
  }
  TF_SessionRun(session, NULL, inputs, given, input_count, outputs, answers, output_count, NULL, 0, NULL, status);
  check(status, "run");
  for (int i = 0; i < output_count; ++i) {
    print(answers[i]);
    TF_DeleteTensor(answers[i]);
  }

  for (int i = 0; i < input_count; ++i) TF_DeleteTensor(given[i]);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
