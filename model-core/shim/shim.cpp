// Three calls of libtorch that tch has no name for. Tensors come as pointers to at::Tensor, as tch holds them.
//
// Each answers null, or a message that the caller frees.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstring>
#include <exception>
#include <vector>

namespace {

std::vector<at::Tensor> list(at::Tensor *const *tensors, size_t count) {
  std::vector<at::Tensor> all;
  all.reserve(count);
  for (size_t i = 0; i < count; i++) all.push_back(*tensors[i]);
  return all;
}

template <typename Call>
char *caught(Call call) {
  try {
    call();
    return nullptr;
  } catch (const std::exception &error) {
    return strdup(error.what());
  }
}

}  // namespace

extern "C" {

// One Adam step over all parameters in one pass over memory. `step` is a scalar: the number of this step, from 1.
char *mrprism_fused_adam(at::Tensor *const *parameters, at::Tensor *const *gradients, at::Tensor *const *first,
                         at::Tensor *const *second, size_t count, const at::Tensor *step, double lr, double beta1,
                         double beta2, double weight_decay, double eps) {
  return caught([&] {
    at::NoGradGuard no_grad;
    at::_fused_adam_(list(parameters, count), list(gradients, count), list(first, count), list(second, count), {},
                     std::vector<at::Tensor>(count, *step), lr, beta1, beta2, weight_decay, eps, false, false);
  });
}

// Goes back from `outputs` with these gradients and adds to the gradients of the leaves below them.
char *mrprism_backward(at::Tensor *const *outputs, at::Tensor *const *gradients, size_t count) {
  return caught([&] { torch::autograd::backward(list(outputs, count), list(gradients, count)); });
}

// Takes the gradients away: what a step does not reach then has none, rather than one of zeros.
char *mrprism_clear_gradients(at::Tensor *const *parameters, size_t count) {
  return caught([&] {
    for (size_t i = 0; i < count; i++) parameters[i]->mutable_grad() = at::Tensor();
  });
}

}  // extern "C"
